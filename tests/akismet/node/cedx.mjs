// npm @cedx/akismet: by its baseUrl; throws on X-akismet-debug-help and on alerts.
import { Author, Blog, Client, Comment } from '@cedx/akismet'

const { address, key, blog, fine, spam } = JSON.parse(process.argv[2])
const home = new Blog({ url: blog })
const client = new Client(key, home, { baseUrl: address })
const trying = new Client(key, home, { baseUrl: address, isTest: true })
const wrong = new Client('0'.repeat(12), home, { baseUrl: address })
const comment = content => new Comment({ author: new Author({ ipAddress: '203.0.113.9' }), content })

const answers = {
  valid: [await client.verifyKey(), await wrong.verifyKey()],
  fine: await client.checkComment(comment(fine)),
  spam: await client.checkComment(comment(spam)),
  tried: await trying.checkComment(comment(spam)),
  refused: await wrong.checkComment(comment(fine)).then(() => 'answered', error => error.message)
}
await client.submitSpam(comment(fine + ' (cedx reports)'))
await client.submitHam(comment(fine + ' (cedx reports)'))
console.log(JSON.stringify(answers))
