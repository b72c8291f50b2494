/* Receivers with almost no CPU cost: they open WebSockets, discard the bytes inside the kernel (MSG_TRUNC) and count
   them. Linux only; compiled at run time by Bun's built-in C compiler, so no headers are available. */
typedef unsigned long long u64;
struct event { unsigned int events; u64 data; } __attribute__((packed));
struct address { unsigned short family, port; unsigned int host; char zero[8]; };

int socket(int, int, int);
int connect(int, const struct address *, unsigned int);
int close(int);
long send(int, const void *, unsigned long, int);
long recv(int, void *, unsigned long, int);
int epoll_create1(int);
int epoll_ctl(int, int, int, struct event *);
int epoll_wait(int, struct event *, int, int);

enum { MSG_TRUNC_ = 0x20, MSG_DONTWAIT_ = 0x40, EPOLLIN_ = 1, EPOLL_CTL_ADD_ = 1 };

int create_poll(void) { return epoll_create1(0); }

/* Connects to 127.0.0.1, upgrades, sends one frame if there is one, and adds the socket to the poll. Returns 0, or the
   number of the step that failed. */
int open_receiver(int poll, int index, int port, const char *request, int request_length, const char *frame, int frame_length) {
  struct address to = {2, (unsigned short)((port >> 8) | ((port & 255) << 8)), 0x0100007f, {0}};
  int fd = socket(2, 1, 0);
  if (fd < 0 || connect(fd, &to, sizeof to) != 0) return 1;
  if (send(fd, request, request_length, 0) != request_length) return 2;
  /* Read the response head byte by byte, because everything after it is counted. */
  char seen[4] = {0};
  int status = 0;
  for (int at = 0;; at++) {
    char byte;
    if (recv(fd, &byte, 1, 0) != 1) return 3;
    if (at >= 9 && at <= 11) status = status * 10 + (byte - '0');
    seen[0] = seen[1]; seen[1] = seen[2]; seen[2] = seen[3]; seen[3] = byte;
    if (seen[0] == '\r' && seen[1] == '\n' && seen[2] == '\r' && seen[3] == '\n') break;
  }
  if (status != 101) return 4;
  if (frame_length > 0 && send(fd, frame, frame_length, 0) != frame_length) return 5;
  struct event watch = {EPOLLIN_, ((u64)index << 32) | (unsigned int)fd};
  return epoll_ctl(poll, EPOLL_CTL_ADD_, fd, &watch) == 0 ? 0 : 6;
}

/* Discards received bytes, for about `turns` turns at most. Returns -1 if a socket was closed. */
int drain(int poll, u64 *totals, int turns) {
  struct event events[512];
  for (int turn = 0; turn < turns; turn++) {
    int count = epoll_wait(poll, events, 512, 50);
    for (int i = 0; i < count; i++) {
      int fd = (int)(events[i].data & 0xffffffff);
      long got = recv(fd, 0, 1 << 24, MSG_TRUNC_ | MSG_DONTWAIT_);
      if (got == 0) return -1;
      if (got > 0) totals[events[i].data >> 32] += got;
    }
  }
  return 0;
}
