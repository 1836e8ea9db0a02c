/** What a snippet needs: the server, the app, and the whole key. */
type SnippetContext = { origin: string; appId: string; key: string };

/** Returns the lines that send a first event with `@appflow/client`. */
export function clientSnippet({ origin, appId, key }: SnippetContext): string {
  return [
    "// In the server's folder: npm pack -w client. Then install that .tgz file in your app.",
    "import { Appflow } from '@appflow/client';",
    '',
    'const appflow = new Appflow({',
    `  apiKey: '${key}',`,
    `  baseUrl: '${origin}',`,
    `  appId: '${appId}',`,
    '});',
    "appflow.track('app_open');",
  ].join('\n');
}

/** Returns the lines that send a first event from Swift. */
export function swiftSnippet({ origin, appId, key }: SnippetContext): string {
  return `// Run this in an async function.
import Foundation

let batch: [String: Any] = [
    "app_id": "${appId}",
    "events": [
        ["event_id": UUID().uuidString, "event_name": "app_open", "app_user_id": "user_123"]
    ],
]
var request = URLRequest(url: URL(string: "${origin}/v1/events")!)
request.httpMethod = "POST"
request.setValue("Bearer ${key}", forHTTPHeaderField: "Authorization")
request.setValue("application/json", forHTTPHeaderField: "Content-Type")
request.httpBody = try JSONSerialization.data(withJSONObject: batch)
let (data, _) = try await URLSession.shared.data(for: request)
print(String(decoding: data, as: UTF8.self))`;
}

/** Returns the lines that send a first event from Kotlin. */
export function kotlinSnippet({ origin, appId, key }: SnippetContext): string {
  return `// On Android: with the INTERNET permission, and not on the main thread.
import java.net.HttpURLConnection
import java.net.URL
import java.util.UUID

val event = """{"event_id":"\${UUID.randomUUID()}","event_name":"app_open","app_user_id":"user_123"}"""
val connection = URL("${origin}/v1/events").openConnection() as HttpURLConnection
connection.requestMethod = "POST"
connection.doOutput = true
connection.setRequestProperty("Authorization", "Bearer ${key}")
connection.setRequestProperty("Content-Type", "application/json")
connection.outputStream.use { it.write("""{"app_id":"${appId}","events":[$event]}""".toByteArray()) }
println(connection.inputStream.bufferedReader().readText())`;
}
