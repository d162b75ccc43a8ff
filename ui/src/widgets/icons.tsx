// SPDX-License-Identifier: Apache-2.0
// The few pictograms of the page, as strokes of the current colour. They never stand without a name beside them.

interface IconProps {
  readonly path: string;
}

function Icon({ path }: IconProps) {
  return (
    <svg
      width="14"
      height="14"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={path} />
    </svg>
  );
}

export const CopyIcon = () => (
  <Icon path="M5.5 5.5V3.2c0-.4.3-.7.7-.7h6.6c.4 0 .7.3.7.7v6.6c0 .4-.3.7-.7.7h-2.3M3.2 5.5h6.6c.4 0 .7.3.7.7v6.6c0 .4-.3.7-.7.7H3.2a.7.7 0 0 1-.7-.7V6.2c0-.4.3-.7.7-.7z" />
);
export const SearchIcon = () => <Icon path="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM13.5 13.5l-3.2-3.2" />;
export const CloseIcon = () => <Icon path="M4 4l8 8M12 4l-8 8" />;
export const DoneIcon = () => <Icon path="M3 8.5l3.5 3.5L13 5" />;
