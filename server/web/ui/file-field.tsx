import { describedBy, Field, type FieldProps } from './field.tsx';

export interface FileFieldProps extends FieldProps {
  /** As the attribute: `.csv,.xlsx`. */
  readonly accept?: string | undefined;
  readonly onFile: (file: File) => void;
  readonly disabled?: boolean | undefined;
}

/** A file of the visitor's. The same file can be chosen again. */
export function FileField(props: FileFieldProps) {
  return (
    <Field id={props.id} label={props.label} hint={props.hint} error={props.error}>
      <input
        id={props.id}
        name={props.id}
        class={`govuk-file-upload${props.error === undefined ? '' : ' govuk-file-upload--error'}`}
        type="file"
        accept={props.accept}
        disabled={props.disabled}
        onClick={(event) => {
          event.currentTarget.value = '';
        }}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file !== undefined) props.onFile(file);
        }}
        aria-invalid={props.error === undefined ? undefined : 'true'}
        aria-describedby={describedBy(props.id, props.hint, props.error)}
      />
    </Field>
  );
}
