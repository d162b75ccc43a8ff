// SPDX-License-Identifier: Apache-2.0
// The one door to the server. Paths are relative to the document's base.
import { signal as makeSignal } from '@preact/signals';
import { noteAnswer } from './damage';
import { type TraceColumns, readTraceColumns } from './trace_columns';
import type { AttributeName, Dependencies, Operation, Overview, SearchPage, SpanDetail, Status } from './types';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Set when the server wants a login that nobody has shown; api/session.ts shows one. */
export const signedOut = makeSignal(false);

/** What restricts a search; see "Filter parameters" in docs/formats/ui-api.md. Absent or empty: no restriction. */
export interface Filter {
  readonly service?: string;
  readonly operation?: string;
  readonly tags?: string;
  readonly kind?: string;
  readonly status?: string;
  readonly minDuration?: string;
  readonly maxDuration?: string;
  readonly from?: string;
  readonly to?: string;
}

export type Sort = 'newest' | 'slowest';

/** The tenant that is asked about, where a login has several; empty: the server knows. */
export const tenant = makeSignal(localStorage.getItem('spandrel.tenant') ?? '');

type Query = Readonly<Record<string, string | undefined>>;

function address(path: string, query: Query = {}): string {
  const url = new URL(`api/ui/v1/${path}`, document.baseURI);
  for (const [key, value] of Object.entries(query)) if (value) url.searchParams.set(key, value);
  return url.href;
}

async function reasonOf(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { readonly error?: unknown };
    if (typeof body.error === 'string') return body.error;
  } catch {
    // Not our JSON: a proxy in between, perhaps.
  }
  return `the server answered ${response.status}`;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    const headers = { ...init.headers, ...(tenant.value && { 'x-scope-orgid': tenant.value }) };
    response = await fetch(url, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'the server cannot be reached');
  }
  if (!response.ok) throw new ApiError(response.status, await reasonOf(response));
  return response;
}

async function get(path: string, query: Query, signal?: AbortSignal): Promise<Response> {
  try {
    const response = await ask(address(path, query), signal ? { signal } : {});
    noteAnswer(path, response.headers);
    return response;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) signedOut.value = true;
    throw error;
  }
}

export async function postJson<T>(path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return (await (await ask(address(path), { method: 'POST', headers, body: JSON.stringify(body) })).json()) as T;
}

export async function getJson<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
  return (await (await get(path, query, signal)).json()) as T;
}

export const getStatus = (signal?: AbortSignal): Promise<Status> => getJson('status', {}, signal);

export async function getServices(signal?: AbortSignal): Promise<readonly string[]> {
  return (await getJson<{ readonly services: readonly string[] }>('services', {}, signal)).services;
}

export async function getOperations(service: string, signal?: AbortSignal): Promise<readonly Operation[]> {
  return (await getJson<{ readonly operations: readonly Operation[] }>('operations', { service }, signal)).operations;
}

export async function getAttributes(
  filter: Filter,
  limit: number,
  signal?: AbortSignal,
): Promise<readonly AttributeName[]> {
  const query = { ...filter, limit: String(limit) };
  return (await getJson<{ readonly attributes: readonly AttributeName[] }>('attributes', query, signal)).attributes;
}

export async function getAttributeValues(
  name: AttributeName,
  filter: Filter,
  limit: number,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const query = { ...filter, scope: name.scope, key: name.key, limit: String(limit) };
  return (await getJson<{ readonly values: readonly string[] }>('attribute-values', query, signal)).values;
}

export interface SearchRequest {
  readonly filter: Filter;
  readonly sort: Sort;
  readonly limit: number;
  readonly cursor?: string;
}

export function search(request: SearchRequest, signal?: AbortSignal): Promise<SearchPage> {
  return getJson(
    'search',
    { ...request.filter, sort: request.sort, limit: String(request.limit), cursor: request.cursor },
    signal,
  );
}

export function getOverview(filter: Filter, columns: number, signal?: AbortSignal): Promise<Overview> {
  return getJson('overview', { ...filter, columns: String(columns) }, signal);
}

export function getDependencies(from: string, to: string, signal?: AbortSignal): Promise<Dependencies> {
  return getJson('dependencies', { from, to }, signal);
}

export async function getTrace(traceId: string, signal?: AbortSignal): Promise<TraceColumns> {
  const response = await get(`trace/${encodeURIComponent(traceId)}`, {}, signal);
  return readTraceColumns(await response.arrayBuffer());
}

export function getSpan(traceId: string, spanId: string, signal?: AbortSignal): Promise<SpanDetail> {
  return getJson(`trace/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`, {}, signal);
}

/** Where the trace can be downloaded as OTLP/JSON. */
export const otlpAddress = (traceId: string): string => address(`trace/${encodeURIComponent(traceId)}/otlp`);
