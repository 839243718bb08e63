// Has AsyncAPI's own parser judge the document of events, its examples included.
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const text = readFileSync(process.argv[2], 'utf8');
const { document, diagnostics } = await new Parser().parse(text);
// That there is a later version of AsyncAPI is no mistake.
const mistakes = diagnostics.filter((it) => it.code !== 'asyncapi-latest-version');
for (const { code, message, path } of mistakes) {
  console.error(`asyncapi.json: ${code} at ${path.join('.')}: ${message}`);
}
if (!document || mistakes.length > 0) process.exit(1);
console.log(`asyncapi: ${document.allMessages().all().length} messages`);
