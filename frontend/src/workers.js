// Monaco runs its languages in web workers. Each is an entry point of the bundle, beside the page's own file.
const FILES = { graphql: "graphql.worker.js", json: "json.worker.js" };

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const file = FILES[label] ?? "editor.worker.js";
    return new Worker(new URL(file, import.meta.url), { type: "module", name: label });
  },
};
