// npm googleapis-common: what Google's API clients for JavaScript are made of, built from our own description.
import { Discovery } from 'googleapis-common'

const { address, key, description, text } = JSON.parse(process.argv[2])
const build = await new Discovery({}).discoverAPI(description)
const { comments } = build({ rootUrl: address })
const requestedAttributes = { SPAM: {} }
const resource = { comment: { text }, requestedAttributes, languages: ['en'], clientToken: 'mine' }
const suggested = { comment: { text }, attributeScores: { SPAM: { summaryScore: { value: 1 } } } }
const refused = { comment: { text }, requestedAttributes: { OBSCENE: {} } }

console.log(JSON.stringify({
  analysed: (await comments.analyze({ key, resource })).data,
  suggested: (await comments.suggestscore({ key, resource: suggested })).data,
  wrongKey: await comments.analyze({ key: '0'.repeat(12), resource }).then(() => 'answered', error => error.status),
  refused: await comments.analyze({ key, resource: refused }).then(() => 'answered', error => error.message)
}))
