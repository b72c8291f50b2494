// Icons are drawn inline in the colour of the text around them. They have no name; the button around them has it.

export function Icon({ path }: { path: string }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}

export const SendIcon = () => <Icon path="M4 12 20 4l-5 16-3.5-6.5L4 12Zm7.5 1.5L20 4" />;
export const PeopleIcon = () => (
  <Icon path="M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-6.5 9c.5-4 3-6 6.5-6s6 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.5m2.5 3.5c1.7.9 2.7 2.7 3 5.5" />
);
export const BackIcon = () => <Icon path="M15 5l-7 7 7 7" />;
export const CloseIcon = () => <Icon path="M6 6l12 12M18 6 6 18" />;
export const DownIcon = () => <Icon path="M12 5v14m-6-6 6 6 6-6" />;
export const UpIcon = () => <Icon path="M12 19V5m-6 6 6-6 6 6" />;
export const ClipIcon = () => (
  <Icon path="m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.6 1.6 0 0 1-2.3-2.3L14.5 7.3" />
);
export const MicrophoneIcon = () => (
  <Icon path="M12 15a3 3 0 0 0 3-3V6a3 3 0 1 0-6 0v6a3 3 0 0 0 3 3Zm-6-4a6 6 0 0 0 12 0m-6 6v4" />
);
export const HashIcon = () => <Icon path="M9 4 7 20M17 4l-2 16M4.5 9h16M3.5 15h16" />;
export const LockIcon = () => <Icon path="M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3" />;
export const PlusIcon = () => <Icon path="M12 5v14M5 12h14" />;
export const SearchIcon = () => <Icon path="M11 17a6 6 0 1 0 0-12 6 6 0 0 0 0 12Zm4.5-1.5L20 20" />;
export const InboxIcon = () => <Icon path="M4 13 6.5 5h11L20 13v6H4v-6Zm0 0h4.5a3.5 3.5 0 0 0 7 0H20" />;
export const ThreadIcon = () => <Icon path="M4 5h16v11H9l-5 4V5Zm4 4h8m-8 3h5" />;
export const PinIcon = () => <Icon path="M9 4h6l-1 6 3 3H7l3-3-1-6Zm3 9v7" />;
export const InfoIcon = () => <Icon path="M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-9v5m0-8v.1" />;
export const SmileIcon = () => (
  <Icon path="M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm-3.5-6.5c1 1.5 2.2 2 3.5 2s2.5-.5 3.5-2M9 9.5v.1m6-.1v.1" />
);
export const ReplyIcon = () => <Icon path="M10 7 4 12l6 5v-3c5 0 8 1 10 4-.5-5-4-8-10-8V7Z" />;
export const PencilIcon = () => <Icon path="m5 19 1-4L16 5l3 3L9 18l-4 1Z" />;
export const MutedIcon = () => <Icon path="M5 10v4h3l5 4V6l-5 4H5Zm12 0 4 4m0-4-4 4" />;
export const EyeIcon = () => (
  <Icon path="M3 12c2.5-4 5.5-6 9-6s6.5 2 9 6c-2.5 4-5.5 6-9 6s-6.5-2-9-6Zm9 2.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" />
);
