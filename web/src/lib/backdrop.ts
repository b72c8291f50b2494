import { useRef } from "preact/hooks";

/**
 * The handlers of a dialog that closes by a press beside what is in it. It closes when the press ends, because a finger
 * clicks where it was lifted: on what lies behind, if the dialog were gone by then. `onPress` may take the press for itself
 * by returning true.
 */
export function useBackdrop(close: () => void, onPress: (event: PointerEvent) => boolean = () => false) {
  const isPressed = useRef(false);
  return {
    onPointerDown: (event: PointerEvent) => {
      isPressed.current = event.target === event.currentTarget && !onPress(event);
    },
    onClick: (event: MouseEvent) => {
      if (isPressed.current && event.target === event.currentTarget) close();
    },
  };
}
