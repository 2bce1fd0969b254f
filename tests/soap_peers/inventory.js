// The inventory's WSDL served by node-soap, as a second opinion on SOAP 1.1: node inventory.js WSDL < books.json
//
// The books are {"username", "password", "stock": {sku: StockLevel or {"Fault": ...}}}. It listens on a free port, says
// which in a line of JSON, and ends when its standard input does.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const readline = require("node:readline");
const soap = require("soap");

const FRESH = 5 * 60 * 1000;
const nonces = new Set();

function serve(books) {
  const service = { Inventory: { InventoryPort: { GetStock: (asked) => getStock(books.stock, asked) } } };
  const server = http.createServer((_, response) => response.writeHead(404).end());
  const options = { path: "/inventory", services: service, xml: fs.readFileSync(process.argv[2], "utf8") };
  server.listen(0, "127.0.0.1", () => {
    soap.listen(server, options).authenticate = (security) => knows(books, security && security.UsernameToken);
    console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/inventory` }));
  });
}

function getStock(stock, asked) {
  const found = [asked.Sku].flat().map((sku) => stock[sku]).filter(Boolean);
  const fault = found.find((level) => level.Fault);
  if (fault) throw structuredClone(fault);
  return { StockLevel: found };
}

// WS-Security UsernameToken Profile 1.0: the digest is Base64(SHA-1(nonce + created + password)), each nonce good once.
function knows(books, token) {
  if (!token || token.Username !== books.username) return false;
  const [nonce, created] = [text(token.Nonce), text(token.Created)];
  if (!nonce || nonces.has(nonce) || Math.abs(Date.now() - Date.parse(created)) > FRESH) return false;
  nonces.add(nonce);
  const seed = Buffer.concat([Buffer.from(nonce, "base64"), Buffer.from(created + books.password)]);
  return text(token.Password) === crypto.createHash("sha1").update(seed).digest("base64");
}

function text(value) {
  return value && typeof value === "object" && "$value" in value ? value.$value : value;
}

const input = readline.createInterface({ input: process.stdin });
input.once("line", (line) => serve(JSON.parse(line)));
input.once("close", () => process.exit());
