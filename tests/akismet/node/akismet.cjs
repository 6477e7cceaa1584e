// npm akismet: by the key as a label of the host.
const { client } = require('akismet')

async function run({ address, key, blog, fine, spam }) {
  const port = Number(new URL(address).port)
  const made = apiKey => client({ apiKey, blog, host: 'rest.akismet.test', port })
  const ask = (asked, what, options) =>
    new Promise((resolve, reject) => {
      const done = (error, answer) => (error ? reject(error) : resolve(answer))
      options ? asked[what](options, done) : asked[what](done)
    })
  const right = made(key)
  const comment = comment_content => ({ user_ip: '203.0.113.9', referrer: '', comment_content })
  const answers = {
    valid: [await ask(right, 'verifyKey'), await ask(made('0'.repeat(12)), 'verifyKey')],
    fine: await ask(right, 'checkComment', comment(fine)),
    spam: await ask(right, 'checkComment', comment(spam))
  }
  await ask(right, 'submitSpam', comment(fine + ' (akismet reports)'))
  await ask(right, 'submitHam', comment(fine + ' (akismet reports)'))
  return answers
}

run(JSON.parse(process.argv[2])).then(answers => console.log(JSON.stringify(answers)))
