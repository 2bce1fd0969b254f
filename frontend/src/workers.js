// Monaco runs its languages in web workers. Each is an entry point of the bundle, beside the page's own file.
const FILES = { graphql: "graphql.worker.js", json: "json.worker.js" };

globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const url = new URL(FILES[label] ?? "editor.worker.js", import.meta.url);
    url.search = new URL(import.meta.url).search; // the version the page was loaded with
    return new Worker(url, { type: "module", name: label });
  },
};
