/** The logo, for use next to the product's name. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden="true">
      <rect width="32" height="32" rx="8" className="fill-primary" />
      <path
        d="M8 20.5c3.2 0 3.6-9 8-9s4.8 9 8 9"
        className="fill-none stroke-primary-foreground"
        strokeWidth="3"
        strokeLinecap="round"
      />
    </svg>
  );
}
