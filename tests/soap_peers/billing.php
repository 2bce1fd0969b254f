<?php
// The billing's WSDL served by PHP's SoapServer, as a second opinion on SOAP 1.2:
// BILLING_WSDL=... BILLING_BOOKS=... php -S 127.0.0.1:PORT billing.php
//
// The books are a JSON file: {"username", "password", "invoices": {number: Invoice}, "lists": {customer: [number, ...]},
// "balances": {customer: Balance}}, each in the shape that SoapServer encodes by the WSDL.

declare(strict_types=1);

final class Billing
{
    public function __construct(private readonly stdClass $books)
    {
    }

    public function GetInvoice(stdClass $asked): array
    {
        $invoice = $this->books->invoices->{$asked->InvoiceNo} ?? null;
        return ['Invoice' => $invoice ?? throw $this->unknown('Invoice', 'InvoiceNo', $asked->InvoiceNo)];
    }

    public function ListInvoices(stdClass $asked): array
    {
        $numbers = $this->books->lists->{$asked->CustomerNo} ?? null;
        $numbers ??= throw $this->unknown('Customer', 'CustomerNo', $asked->CustomerNo);
        $page = array_slice($numbers, $asked->From, $asked->Count);
        $invoices = array_map(fn (string $number) => $this->books->invoices->$number, $page);
        return ['Invoices' => ['total' => count($numbers), 'Invoice' => $invoices]];
    }

    public function GetBalance(stdClass $asked): array
    {
        $balance = $this->books->balances->{$asked->CustomerNo} ?? null;
        return ['Balance' => $balance ?? throw $this->unknown('Customer', 'CustomerNo', $asked->CustomerNo)];
    }

    private function unknown(string $noun, string $key, string $value): SoapFault
    {
        return new SoapFault('Sender', "There is no such $noun", null, [$key => $value], "Unknown$noun");
    }
}

$books = json_decode(file_get_contents(getenv('BILLING_BOOKS')));
$who = [$_SERVER['PHP_AUTH_USER'] ?? '', $_SERVER['PHP_AUTH_PW'] ?? ''];
if ($who !== [$books->username, $books->password]) {
    header('WWW-Authenticate: Basic realm="billing"', true, 401);
    exit('Authorization required');
}
ini_set('soap.wsdl_cache_enabled', '0');
$server = new SoapServer(getenv('BILLING_WSDL'), ['soap_version' => SOAP_1_2]);
$server->setObject(new Billing($books));
$server->handle();
