import type { App } from '../api/answers.ts';
import { ALL_APPS } from '../lib/all-apps.ts';
import { Select } from './ui/select.tsx';

type AppSelectProps = {
  apps: readonly App[];
  /** Undefined means all. */
  chosen: App | undefined;
  onChoose: (id: string) => void;
};

/** The app that a page is about, or all of them. `onChoose` gets an ID or ALL_APPS. */
export function AppSelect({ apps, chosen, onChoose }: AppSelectProps) {
  return (
    <Select
      aria-label="App"
      className="max-w-44"
      value={chosen?.id ?? ALL_APPS}
      onChange={({ target }) => onChoose(target.value)}
    >
      <option value={ALL_APPS}>All apps</option>
      {apps.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}
