import { CodeBlock } from '../../components/code-block.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { AuthLayout } from './auth-layout.tsx';

const CADDYFILE = `appflow.example.com {
  reverse_proxy 127.0.0.1:8080
}`;

/** Shown instead of a form if a password would be sent unencrypted. */
export function NeedsTls() {
  return (
    <AuthLayout title="Signing in needs HTTPS">
      <Callout tone="warn">
        This page came over plain HTTP from another machine. Your password and session could be read on the
        way, so Appflow does not ask for them here.
      </Callout>
      <div className="grid gap-2 text-sm">
        <h2 className="font-medium">Put a proxy with TLS in front</h2>
        <p className="text-note text-soft">For example Caddy, which gets the certificate by itself:</p>
        <CodeBlock code={CADDYFILE} what="Caddyfile" />
        <p className="text-note text-soft">Then start Appflow with its address:</p>
        <CodeBlock code="APPFLOW_PUBLIC_URL=https://appflow.example.com TRUSTED_PROXIES=127.0.0.1 npm start" />
      </div>
      <div className="grid gap-2 text-sm">
        <h2 className="font-medium">Or come from the machine itself</h2>
        <CodeBlock code={`ssh -L 8080:127.0.0.1:8080 ${window.location.hostname}`} />
        <p className="text-note text-soft">
          and open http://127.0.0.1:8080. In a network you trust, APPFLOW_ALLOW_HTTP=1 allows it as it is.
        </p>
      </div>
    </AuthLayout>
  );
}
