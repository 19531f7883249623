package media

import "slices"

// A recording that was joined, or whose sender began anew, has a clock that leaps
// (ISO/IEC 13818-1, 2.4.3.7). ffmpeg moves all streams for a leap of one of them,
// so that what follows a small one comes late, and ever later. So the file is
// taken apart where its clock was set anew.

const (
	clockRate = 90_000 // ticks a second
	clockBits = 33
	// minSetback is how far back a clock goes that was set anew, as ffmpeg has it.
	minSetback = clockRate / 10
	// maxLeap is maxJump in ticks.
	maxLeap = int64(maxJump/1e9) * clockRate
	// privateStream holds sound and subtitles of DVDs, each with a number of its own.
	privateStream = 0xBD
)

// clockWatch finds the places in a file at which its clock was set anew.
type clockWatch struct {
	packet func(at int64, unit []byte) mediaPacket
	// streams holds the streams of sound and pictures by their numbers.
	streams map[int]*streamClock
	numbers []int // of those that come in any order
	epoch   int   // how often the clock was set anew
	end     int64 // of the last packet of sound or pictures
	resets  []reset
	tables  transportTables
}

// reset is a place at which another clock begins, with what a reader has to see
// before it goes on there.
type reset struct {
	at     int64
	before segment
}

// streamClock is the last time in a stream, and the epoch that it is of.
type streamClock struct {
	last  int64
	epoch int
}

// mediaPacket is what a unit holds of a stream.
type mediaPacket struct {
	stream int
	time   int64 // when it is decoded, in ticks
	timed  bool  // it begins a frame that has a time
	listed bool  // the stream is known by its number alone
}

// newClockWatch watches nothing in kinds that have no clock of their own.
func (k kind) newClockWatch() *clockWatch {
	w := &clockWatch{streams: map[int]*streamClock{}}
	switch k {
	case kindTS:
		w.packet = w.tables.packet
	case kindPS:
		w.packet = programMedia
	default:
		w.packet = func(int64, []byte) mediaPacket { return mediaPacket{stream: -1} }
	}
	return w
}

// segments cuts stretches where the clock was set anew.
func (w *clockWatch) segments(stretches []stretch) []segment {
	found := []segment{nil}
	for _, s := range stretches {
		for len(w.resets) > 0 && w.resets[0].at < s.to {
			if at := w.resets[0].at; at > s.from {
				found[len(found)-1] = append(found[len(found)-1], stretch{from: s.from, to: at})
				s.from = at
			}
			found = append(found, w.resets[0].before)
			w.resets = w.resets[1:]
		}
		found[len(found)-1] = append(found[len(found)-1], s)
	}
	return found
}

// see takes the unit that begins at a place in the file.
func (w *clockWatch) see(at int64, unit []byte) {
	p := w.packet(at, unit)
	if p.listed && !slices.Contains(w.numbers, p.stream) {
		w.numbers = append(w.numbers, p.stream)
	}
	clock := w.streams[p.stream]
	if !p.timed {
		if clock != nil {
			w.end = at + int64(len(unit))
		}
		return
	}
	if clock == nil {
		clock = &streamClock{last: p.time, epoch: w.epoch}
		w.streams[p.stream] = clock
	}
	if isReset(p.time - clock.last) {
		if clock.epoch == w.epoch { // Else this stream follows another.
			w.epoch++
			w.resets = append(w.resets, reset{w.end, w.tables.before(w.end)})
		}
		clock.epoch = w.epoch
	}
	clock.last, w.end = p.time, at+int64(len(unit))
}

// isReset is true for a difference of times, in ticks, that no stream has which
// goes on. The clock itself begins anew every 26 hours.
func isReset(ticks int64) bool {
	ticks = ticks << (64 - clockBits) >> (64 - clockBits)
	return ticks < -minSetback || ticks > maxLeap
}

// transportPacket returns the number of a packet's stream, whether a frame or table
// begins in it, and what it holds.
func transportPacket(unit []byte) (pid int, begins bool, payload []byte) {
	if len(unit) < 188 {
		return -1, false, nil
	}
	pid = int(unit[1]&0x1F)<<8 | int(unit[2])
	from := 4
	if unit[3]&0x20 != 0 {
		from += 1 + int(unit[4])
	}
	if unit[3]&0x10 == 0 || from >= 188 {
		return pid, false, nil
	}
	return pid, unit[1]&0x40 != 0, unit[from:188]
}

// programMedia reads a unit of MPEG-PS. Its streams have ffmpeg's numbers.
func programMedia(_ int64, unit []byte) mediaPacket {
	if len(unit) < 4 {
		return mediaPacket{stream: -1}
	}
	switch id := unit[3]; {
	case id == privateStream && len(unit) > 8 && len(unit) > 9+int(unit[8]):
		return mediaPacket{stream: int(unit[9+int(unit[8])]), listed: true}
	case isMedia(id):
		p := mediaPacket{stream: 0x100 | int(id), listed: true}
		p.time, p.timed = pesTime(unit)
		return p
	}
	return mediaPacket{stream: -1}
}

// programUnit is the length of a unit of MPEG-PS: a pack's header, a packet, or
// the mark of the end.
func programUnit(data []byte) int {
	if len(data) < 14 || data[0] != 0 || data[1] != 0 || data[2] != 1 {
		return 0
	}
	switch id := data[3]; {
	case id == 0xB9:
		return 4
	case id == 0xBA && data[4]>>6 == 1: // MPEG-2
		return 14 + int(data[13]&7)
	case id == 0xBA && data[4]>>4 == 2: // MPEG-1
		return 12
	case id >= 0xBB:
		return 6 + int(data[4])<<8 + int(data[5])
	}
	return 0
}

// isMedia is true for the stream ids of sound and pictures, but for private ones:
// those may be subtitles, which come and go.
func isMedia(id byte) bool { return id >= 0xC0 && id <= 0xEF || id == 0xFD }

// pesTime reads when a packet is to be decoded, or else shown (ISO/IEC 13818-1,
// 2.4.3.6; 11172-1, 2.4.3.3). It is false where the packet does not say.
func pesTime(data []byte) (int64, bool) {
	if len(data) < 9 || data[0] != 0 || data[1] != 0 || data[2] != 1 {
		return 0, false
	}
	flags, times := data[7]>>6, data[9:]
	if data[6]>>6 != 2 { // MPEG-1
		times = data[6:]
		for len(times) > 0 && times[0] == 0xFF {
			times = times[1:]
		}
		if len(times) > 2 && times[0]>>6 == 1 {
			times = times[2:]
		}
		if len(times) == 0 {
			return 0, false
		}
		flags = times[0] >> 4
	}
	if flags == 3 && len(times) >= 5 {
		times = times[5:]
	}
	if flags < 2 || flags > 3 || len(times) < 5 {
		return 0, false
	}
	t := int64(times[0]>>1&7)<<30 | int64(times[1])<<22 | int64(times[2]>>1)<<15 | int64(times[3])<<7 | int64(times[4]>>1)
	return t, true
}

// transportTables are the packets of MPEG-TS that say which streams there are, as
// they were seen last: what stands before them cannot be read.
type transportTables struct {
	programs stretch
	streams  stretch
	pid      int // of the table of streams
}

// packet reads a packet of MPEG-TS, and keeps the place of one that holds a table
// (ISO/IEC 13818-1, 2.4.3.2).
func (t *transportTables) packet(at int64, unit []byte) mediaPacket {
	pid, begins, payload := transportPacket(unit)
	p := mediaPacket{stream: pid}
	here := stretch{from: at, to: at + int64(len(unit))}
	switch {
	case !begins:
	case pid == 0:
		t.programs = here
		if found := firstProgram(payload); found > 0 {
			t.pid = found
		}
	case pid == t.pid:
		t.streams = here
	case len(payload) > 3 && isMedia(payload[3]):
		p.time, p.timed = pesTime(payload)
	}
	return p
}

// before returns the tables for a reader that begins at a place, unless it finds
// them there.
func (t *transportTables) before(at int64) segment {
	if t.programs.to == 0 || t.streams.to == 0 || t.streams.from >= at {
		return nil
	}
	return segment{t.programs, t.streams}
}

// firstProgram is where the table of a program's streams is found, by the table of
// programs (ISO/IEC 13818-1, 2.4.4.3); 0 where that does not say.
func firstProgram(payload []byte) int {
	if len(payload) == 0 || len(payload) < 1+int(payload[0]) {
		return 0
	}
	const head, entry = 8, 4
	section := payload[1+int(payload[0]):]
	for at := head; at+entry <= len(section); at += entry {
		if section[at] != 0 || section[at+1] != 0 { // Program 0 is the network.
			return int(section[at+2]&0x1F)<<8 | int(section[at+3])
		}
	}
	return 0
}
