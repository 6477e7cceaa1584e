// npm akismet-api: by the key in the path, and by the key as a label of the host.
const { AkismetClient } = require('akismet-api')

async function run({ address, key, blog, fine, spam }) {
  const byPath = new AkismetClient({ key, blog })
  byPath.rootEndpoint = byPath.endpoint = `${address}/${key}/1.1/`
  const host = `rest.akismet.test:${new URL(address).port}`
  const byHost = new AkismetClient({ key, blog, protocol: 'http', host })
  const wrong = new AkismetClient({ key: '0'.repeat(12), blog, protocol: 'http', host })
  const ip = '203.0.113.9'
  const report = { ip, content: fine + ' (akismet-api reports)' }
  const answers = {
    valid: [await byPath.verifyKey(), await byHost.verifyKey(), await wrong.verifyKey()],
    fine: [await byPath.checkSpam({ ip, content: fine }), await byHost.checkSpam({ ip, content: fine })],
    spam: [await byPath.checkSpam({ ip, content: spam }), await byHost.checkSpam({ ip, content: spam })],
    test: await byHost.checkSpam({ ip, name: 'viagra-test-123' }),
    refused: await wrong.checkSpam({ ip, content: fine }).then(() => 'answered', error => error.message)
  }
  await byHost.submitSpam(report)
  await byPath.submitHam(report)
  return answers
}

run(JSON.parse(process.argv[2])).then(answers => console.log(JSON.stringify(answers)))
