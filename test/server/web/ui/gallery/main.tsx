/** Every component once, for ui.test.ts to look at and to use. The view stands in the address: `#/forms`. */
import { useState } from 'preact/hooks';
import {
  Button,
  Checkbox,
  Details,
  ErrorSummary,
  Failure,
  FileField,
  Inset,
  Items,
  Notice,
  Panel,
  PrintButton,
  ProgressBar,
  Radios,
  saveFile,
  Select,
  startPage,
  StatusTag,
  SummaryList,
  Table,
  Tag,
  TextArea,
  TextField,
  Untrusted,
  useFocus,
  useFormats,
  useHash,
  useIdle,
  useShared,
  useTask,
  useText,
  useTitle,
  Warning,
} from '../../../../../server/web/ui/index.ts';

interface GalleryText {
  readonly heading: string;
}

/** The hostile text of the tests: markup, a direction override, marks without end. */
const HOSTILE = `\u202E<img src=x onerror=alert(1)>${'\u0301'.repeat(40)} ${'W'.repeat(400)}`;

function Forms() {
  const { heading } = useText<GalleryText>();
  const [values, setValues] = useState({
    code: '',
    passphrase: '',
    description: '',
    kind: 'Ring',
    reach: '',
    note: '',
  });
  const [isPrinted, setIsPrinted] = useState(false);
  const [file, setFile] = useState('');
  const [attempt, setAttempt] = useState(0);
  const set = (name: keyof typeof values) => (value: string) => setValues((before) => ({ ...before, [name]: value }));
  const errors = [
    ...(values.code === '' ? [{ id: 'code', message: 'Enter the code' }] : []),
    ...(values.reach === '' ? [{ id: 'reach', message: 'Choose how you can be reached' }] : []),
    ...(isPrinted ? [] : [{ id: 'printed', message: 'Print the sheet' }]),
  ];
  const messageOf = (id: string) => (attempt === 0 ? undefined : errors.find((error) => error.id === id)?.message);
  useTitle(heading);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAttempt(attempt + 1);
      }}
    >
      <ErrorSummary errors={attempt === 0 ? [] : errors} attempt={attempt} />
      <h1 class="govuk-heading-l">{heading}</h1>
      <TextField
        id="code"
        label="Code"
        hint="As it is printed."
        error={messageOf('code')}
        mono
        value={values.code}
        onInput={set('code')}
      />
      <TextField
        id="passphrase"
        label="Passphrase"
        type="password"
        value={values.passphrase}
        onInput={set('passphrase')}
      />
      <TextArea id="description" label="Description" value={values.description} onInput={set('description')} />
      <Select
        id="kind"
        label="Kind"
        value={values.kind}
        onChange={set('kind')}
        options={[
          { value: 'Bicycle', label: 'Bicycle' },
          { value: 'Ring', label: 'Ring' },
          { value: 'Hidden', label: 'Hidden \u202Ename' },
        ]}
      />
      <Radios
        name="reach"
        legend="How can you be reached?"
        hint="You can change it later."
        error={messageOf('reach')}
        value={values.reach}
        onChange={set('reach')}
        options={[
          { value: 'details', label: 'By my details', hint: 'Two officers open them.' },
          {
            value: 'relay',
            label: 'By message alone',
            conditional: <TextField id="note" label="Note" value={values.note} onInput={set('note')} />,
          },
        ]}
      />
      <Checkbox
        id="printed"
        label="I have printed the sheet"
        hint="You need it later."
        checked={isPrinted}
        onChange={setIsPrinted}
        error={messageOf('printed')}
      />
      <FileField
        id="file"
        label="Vault file"
        hint="Its name ends in .vault"
        accept=".vault"
        onFile={(chosen) => setFile(`${file} ${chosen.name}`)}
      />
      <p class="govuk-body" id="files">
        {file}
      </p>
      <div class="govuk-button-group">
        <Button type="submit">Continue</Button>
        <Button kind="secondary">Back</Button>
        <Button kind="warning">Withdraw</Button>
        <Button disabled>Not now</Button>
        <Button kind="link" describes="the form" onClick={() => saveFile('evidence.txt', 'kept')}>
          Save
        </Button>
        <PrintButton />
      </div>
    </form>
  );
}

function Boxes() {
  const formats = useFormats();
  const shared = useShared();
  useTitle('Boxes');
  return (
    <>
      <Panel title="The mark is registered">Keep the receipt.</Panel>
      <Notice title="Locked soon">Do something to stay.</Notice>
      <Notice kind="success">The status is changed.</Notice>
      <Notice kind="important">
        <p class="govuk-body">
          A claim is not title. <a href="#/forms">Why</a>
        </p>
      </Notice>
      <Warning>Nobody can tell you the phrase again.</Warning>
      <Inset>Looked up {formats.hour('2026-11-24T13Z')}.</Inset>
      <Details summary="Proof of this entry">
        <p>Entry 1042.</p>
      </Details>
      <ProgressBar label="Asking the guardians" done={412} total={1675} secondsLeft={94} onCancel={() => undefined} />
      <p>
        {(['grey', 'blue', 'green', 'yellow', 'red', 'purple'] as const).map((colour) => (
          <Tag key={colour} colour={colour}>
            {colour}
          </Tag>
        ))}
        {(['withKeeper', 'stolen', 'lost', 'recovered'] as const).map((status) => (
          <StatusTag key={status} status={status} />
        ))}
      </p>
      <div class="bm-card bm-card--hit">
        <h2 class="govuk-heading-m bm-code">8EQ7-1S02-SG3J-TS93</h2>
        <Items
          items={[
            { category: 'Shotgun', make: 'Beretta', serial: 'A123' },
            { category: HOSTILE, description: `${HOSTILE}\nsecond line` },
          ]}
        />
      </div>
      <SummaryList
        rows={[
          {
            key: 'Code',
            value: '8EQ7',
            actions: (
              <Button kind="link" describes="code">
                {shared.change}
              </Button>
            ),
          },
          { key: 'Items', value: 'One' },
        ]}
      />
      <Table
        caption="Lookups"
        head={['Month', 'Force', 'Lookups']}
        numeric={[2]}
        rowHeaders
        rows={[['November 2026', 'Demonstration Constabulary', '1,675']]}
      />
      <Table
        caption="Who sees what"
        head={['Who', 'Sees']}
        rowHeaders
        stack
        rows={[['You', 'All about your own registrations']]}
      />
      <p id="long">
        <Untrusted text={'x'.repeat(65_536)} />
      </p>
    </>
  );
}

interface Work {
  readonly onProgress: (progress: { phase: string; done: number; total: number }) => void;
  readonly resolve: (value: string) => void;
  readonly reject: (error: unknown) => void;
}

function Tasks() {
  const task = useTask<string>();
  useTitle('Tasks');
  const start = () =>
    void task.run(
      ({ signal, onProgress }) =>
        new Promise<string>((resolve, reject) => {
          signal?.addEventListener('abort', () =>
            reject({ code: 'cancelled', kind: 'unavailable', message: 'cancelled' }),
          );
          (globalThis as { work?: Work }).work = { onProgress: (progress) => onProgress?.(progress), resolve, reject };
        }),
    );
  return (
    <>
      <h1 class="govuk-heading-l">Tasks</h1>
      <Failure error={task.error} onRetry={start} />
      {task.isRunning ? (
        <ProgressBar
          label={task.progress?.phase ?? 'Starting'}
          done={task.progress?.done ?? 0}
          total={task.progress?.total ?? 0}
          secondsLeft={task.progress?.secondsLeft}
          onCancel={task.cancel}
        />
      ) : (
        <Button onClick={start}>Start</Button>
      )}
      <p id="result">{task.result}</p>
    </>
  );
}

function Idle() {
  const [state, setState] = useState('here');
  useTitle('Idle');
  useIdle(10, () => setState('locked'), { onWarning: (left) => setState(left === null ? 'back' : `${left} seconds`) });
  return (
    <>
      <h1 class="govuk-heading-l">Idle</h1>
      <p id="state">{state}</p>
    </>
  );
}

function Steps(props: { readonly step: string; readonly go: (path: string, options?: { replace?: boolean }) => void }) {
  const heading = useFocus(props.step);
  useTitle(`Step ${props.step}`);
  return (
    <>
      <h1 class="govuk-heading-l" ref={heading}>
        Step {props.step}
      </h1>
      <Button onClick={() => props.go(`steps/${Number(props.step) + 1}`)}>Next</Button>
      <Button kind="secondary" onClick={() => props.go(`steps/${Number(props.step) + 1}`, { replace: true })}>
        Instead
      </Button>
    </>
  );
}

/** Fails while it is shown for the first time. */
function Broken() {
  const state = globalThis as { isMended?: boolean };
  if (state.isMended !== true) throw new RangeError('8EQ7-1S02-SG3J-TS93 is no time');
  return <h1 class="govuk-heading-l">Mended</h1>;
}

function Gallery() {
  const [path, go] = useHash();
  const [view, step] = path.split('/');
  if (view === 'boxes') return <Boxes />;
  if (view === 'tasks') return <Tasks />;
  if (view === 'broken') return <Broken />;
  if (view === 'idle') return <Idle />;
  if (view === 'steps') return <Steps step={step ?? '1'} go={go} />;
  return <Forms />;
}

startPage<GalleryText>({
  room: 'start',
  load: { en: async () => ({ heading: 'Register a mark' }), cy: async () => ({ heading: 'Cofrestru marc' }) },
  App: Gallery,
});
