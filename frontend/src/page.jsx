// GraphiQL, opened on the example queries that the server wrote into the page.
import "./workers.js";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./page.css";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";
import { openStorage } from "./storage.js";

const { title, endpoint, tabs } = JSON.parse(document.getElementById("graphfold").textContent);

createRoot(document.getElementById("page")).render(
  <GraphiQL
    fetcher={createGraphiQLFetcher({ url: endpoint })}
    defaultTabs={tabs.length ? tabs : undefined} // GraphiQL's own greeting stands in for no examples
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    storage={openStorage(title, tabs)}
  >
    <GraphiQL.Logo>{title}</GraphiQL.Logo>
  </GraphiQL>,
);
