// Runs a script by another version of PHP: node run.mjs 7.4 DIRECTORY SCRIPT [ARGUMENT…].
// The PHP files of the directory and those beside the script lie in its memory under the same names.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PHP, loadPHPRuntime } from '@php-wasm/universal';

const [version, directory, script, ...rest] = process.argv.slice(2);
const { getPHPLoaderModule } = await import(`@php-wasm/node-${version.replace('.', '-')}`);
const php = new PHP(await loadPHPRuntime(await getPHPLoaderModule()));
const put = (path) => {
	php.mkdir(dirname(path));
	php.writeFile(path, readFileSync(path));
};
const isSource = (name) => name.endsWith('.php');
readdirSync(dirname(script)).filter(isSource).forEach((name) => put(join(resolve(dirname(script)), name)));
readdirSync(directory, { recursive: true }).filter(isSource).forEach((name) => put(join(resolve(directory), name)));
const answer = await php.cli(['php', resolve(script), ...rest]);
process.stdout.write(await answer.stdoutText);
process.stderr.write(await answer.stderrText);
process.exitCode = await answer.exitCode;
