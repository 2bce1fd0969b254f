// Bundles the page and its workers: node bundle.mjs OUTPUT
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const output = process.argv[2];

const { metafile } = await build({
  entryPoints: {
    page: "src/page.jsx",
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
  },
  outdir: output,
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  loader: { ".ttf": "file" },
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
});
writeFileSync(join(output, "licenses.txt"), licenses(Object.keys(metafile.inputs)));

// Minified code lost its notices: they travel together in one file.
function licenses(inputs) {
  const folders = new Set(inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]));
  return [...folders].filter(Boolean).sort().map(notice).join("\n");
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json")));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8") : "(the package carries no licence text)\n";
  return `${name} ${version} (${license})\n\n${text}\n`;
}
