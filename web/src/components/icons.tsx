// Drawn inline, in the colour of the text around them; the button they stand in has the name.

function Icon({ path }: { path: string }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}

export const SendIcon = () => <Icon path="M4 12 20 4l-5 16-3.5-6.5L4 12Zm7.5 1.5L20 4" />;
export const PeopleIcon = () => (
  <Icon path="M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 9c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.5m2.5 3.5c1.700.9 2.700 2.700 3 5.5" />
);
export const BackIcon = () => <Icon path="M15 5l-7 7 7 7" />;
export const CloseIcon = () => <Icon path="M6 6l12 12M18 6 6 18" />;
export const DownIcon = () => <Icon path="M12 5v14m-6-6 6 6 6-6" />;
export const HashIcon = () => <Icon path="M9 4 7 20M17 4l-2 16M4.5 9h16M3.5 15h16" />;
export const WarningIcon = () => <Icon path="M12 4 2.5 20h19L12 4Zm0 6v5m0 2.5v.1" />;
