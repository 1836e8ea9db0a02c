// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples contain templates of other languages.
import { findAnswer, findBody, type Operation } from './openapi.ts';
import { SAMPLE_ORIGIN } from './sample-origin.ts';

/** A request in one language. */
export type Sample = { id: string; label: string; language: string; code: string };

/** The example of an operation as a request. `body` is undefined if there is none. */
export type SampleRequest = {
  method: string;
  url: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: unknown;
  needsKey: boolean;
  answerType: string | undefined;
};

/** Returns the request that the examples of an operation make. */
export function toRequest(operation: Operation): SampleRequest {
  const { method, path, parameters } = operation;
  const exampleOf = (name: string) => String(parameters.find((one) => one.name === name)?.example ?? name);
  const query = new URLSearchParams();
  for (const { name, in: place, example } of parameters) {
    if (place !== 'query' || example === undefined) continue;
    for (const value of [example].flat()) query.append(name, String(value));
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(exampleOf(name)));
  const body = findBody(operation)?.example;
  const required = parameters.filter(
    ({ in: place, required: isRequired }) => place === 'header' && isRequired,
  );
  const headers: [string, string][] = required.map(({ name }) => [name, '…']);
  if (body !== undefined) headers.push(['Content-Type', 'application/json']);
  return {
    method,
    url: `${SAMPLE_ORIGIN}${filled}${query.size > 0 ? `?${query}` : ''}`,
    headers,
    body,
    needsKey: operation['x-appflow-scope'] !== undefined,
    answerType: findAnswer(operation).type,
  };
}

const toJson = (value: unknown) => JSON.stringify(value, null, 2);

/** Returns the request in each language. */
export function renderSamples(request: SampleRequest): Sample[] {
  return [
    { id: 'curl', label: 'curl', language: 'shellscript', code: toCurl(request) },
    { id: 'javascript', label: 'JavaScript', language: 'tsx', code: toJavaScript(request) },
    { id: 'swift', label: 'Swift', language: 'swift', code: toSwift(request) },
    { id: 'kotlin', label: 'Kotlin', language: 'kotlin', code: toKotlin(request) },
  ];
}

function toCurl({ method, url, headers, body, needsKey, answerType }: SampleRequest): string {
  const isPlainPost = method === 'POST' && body !== undefined;
  const verb = method === 'GET' || isPlainPost ? '' : `-X ${method} `;
  const stream = answerType === 'text/event-stream' ? '-N ' : '';
  return [
    `curl ${stream}${verb}"${url}"`,
    ...(needsKey ? ['  -H "Authorization: Bearer $APPFLOW_API_KEY"'] : []),
    ...headers.map(([name, value]) => `  -H "${name}: ${value}"`),
    ...(body === undefined ? [] : [`  -d '${toJson(body).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n');
}

const indent = (text: string, by: string) => text.replaceAll('\n', `\n${by}`);

function toJavaScript({ method, url, headers, body, needsKey, answerType }: SampleRequest): string {
  const lines = [
    ...(needsKey ? [['Authorization', '`Bearer ${process.env.APPFLOW_API_KEY}`']] : []),
    ...headers.map(([name, value]) => [name, `'${value}'`]),
  ].map(([name = '', value]) => `    ${/^\w+$/.test(name) ? name : `'${name}'`}: ${value},`);
  const options = [
    ...(method === 'GET' ? [] : [`  method: '${method}',`]),
    ...(lines.length > 0 ? ['  headers: {', ...lines, '  },'] : []),
    ...(body === undefined ? [] : [`  body: JSON.stringify(${indent(toJson(body), '  ')}),`]),
  ];
  const call = options.length === 0 ? `fetch('${url}')` : `fetch('${url}', {\n${options.join('\n')}\n})`;
  return `const response = await ${call};\n${readInJavaScript(answerType)}`;
}

function readInJavaScript(answerType: string | undefined): string {
  if (answerType === undefined) return 'console.log(response.status);';
  if (answerType === 'application/json') return 'console.log(response.status, await response.json());';
  if (answerType !== 'text/event-stream') return 'console.log(response.status, await response.text());';
  return 'for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {\n  console.log(chunk);\n}';
}

function toSwift({ method, url, headers, body, needsKey, answerType }: SampleRequest): string {
  const set = [
    ...(needsKey ? [['Authorization', '"Bearer \\(apiKey)"']] : []),
    ...headers.map(([name, value]) => [name, `"${value}"`]),
  ].map(([name, value]) => `request.setValue(${value}, forHTTPHeaderField: "${name}")`);
  const head = [
    `var request = URLRequest(url: URL(string: "${url}")!)`,
    ...(method === 'GET' ? [] : [`request.httpMethod = "${method}"`]),
    ...set,
    ...(body === undefined ? [] : [`request.httpBody = Data(#"""\n${toJson(body)}\n"""#.utf8)`]),
  ].join('\n');
  if (answerType !== 'text/event-stream') {
    return `import Foundation\n\n${head}\n\nlet (data, response) = try await URLSession.shared.data(for: request)\nprint((response as! HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))`;
  }
  return `import Foundation\n\n${head}\n\nlet (bytes, _) = try await URLSession.shared.bytes(for: request)\nfor try await line in bytes.lines {\n    print(line)\n}`;
}

function toKotlin({ method, url, headers, body, needsKey, answerType }: SampleRequest): string {
  // In a raw string, only the dollar sign has a meaning.
  const json = body === undefined ? '' : toJson(body).replaceAll('$', () => "${'$'}");
  const content =
    body === undefined
      ? '"".toRequestBody()'
      : `"""\n${json}\n""".toRequestBody("application/json".toMediaType())`;
  const verb =
    method === 'POST' || method === 'PATCH'
      ? `.${method.toLowerCase()}(${content})`
      : `.${method.toLowerCase()}()`;
  const own = headers.filter(([name]) => name !== 'Content-Type');
  const hasBody = method === 'POST' || method === 'PATCH';
  const lines = [
    ...(body === undefined ? [] : ['import okhttp3.MediaType.Companion.toMediaType']),
    'import okhttp3.OkHttpClient',
    'import okhttp3.Request',
    ...(hasBody ? ['import okhttp3.RequestBody.Companion.toRequestBody'] : []),
    '',
    'val request = Request.Builder()',
    `    .url("${url}")`,
    ...(needsKey ? ['    .header("Authorization", "Bearer $apiKey")'] : []),
    ...own.map(([name, value]) => `    .header("${name}", "${value}")`),
    ...(method === 'GET' ? [] : [`    ${verb}`]),
    '    .build()',
    '',
  ];
  return [...lines, ...readInKotlin(answerType)].join('\n');
}

function readInKotlin(answerType: string | undefined): string[] {
  if (answerType !== 'text/event-stream') {
    return [
      'OkHttpClient().newCall(request).execute().use {',
      '    println("${it.code} ${it.body.string()}")',
      '}',
    ];
  }
  return [
    'val client = OkHttpClient.Builder().readTimeout(0, TimeUnit.SECONDS).build()',
    'client.newCall(request).execute().use {',
    '    while (true) println(it.body.source().readUtf8Line() ?: break)',
    '}',
  ];
}
