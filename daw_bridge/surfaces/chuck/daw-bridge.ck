// daw-bridge from ChucK: ask for a clip by its prompt, hear what becomes of it, and play the best take.
// The daemon must run: daw-bridge serve
//
//   chuck daw-bridge.ck                       the prompt below
//   chuck daw-bridge.ck:"deep house chords"   another one

"dusty breakbeat" => string prompt;
if (me.args() > 0) me.arg(0) => prompt;

// ChucK sends and hears on ports of its own, so the request names the one that hears.
OscIn in;
9312 => in.port;
in.listenAll();

// It listens a moment later, and would miss the first reports: it speaks to itself until it hears.
OscMsg msg;
OscOut self;
self.dest("127.0.0.1", 9312);
do { self.start("/ready").send(); 20::ms => now; } while (!in.recv(msg));

OscOut out;
out.dest("127.0.0.1", 9310);
out.start("/bridge/generate");
out.add(prompt);
out.add("bars").add(2);
out.add("takes").add(2);
out.add("reply_port").add(9312);
out.send();
<<< "asked at port 9310; if nothing follows, no daemon is there: start daw-bridge serve", "" >>>; // queued comes at once

"" => string clip;
false => int ended;
while (!ended) {
    in => now;
    while (in.recv(msg)) {
        if (msg.address == "/bridge/queued") <<< "queued", msg.getString(0), "position", msg.getInt(1) >>>;
        if (msg.address == "/bridge/started") <<< "started", msg.getString(0), "by", msg.getString(1) >>>;
        if (msg.address == "/bridge/progress") <<< "progress", msg.getFloat(1), msg.getString(2) >>>;
        if (msg.address == "/bridge/delivered") {
            <<< "take", msg.getInt(1), "score", msg.getFloat(2), msg.getString(3) >>>;
            if (msg.getInt(1) == 1) msg.getString(3) => clip; // rank 1 is the best
        }
        if (msg.address == "/bridge/done") { <<< "done", msg.getString(0) >>>; true => ended; }
        if (msg.address == "/bridge/cancelled") { <<< "cancelled", msg.getString(0) >>>; true => ended; }
        if (msg.address == "/bridge/failed") { <<< "failed", msg.getString(1), msg.getString(2) >>>; true => ended; }
        if (msg.address == "/bridge/error") { <<< "refused", msg.getString(1), msg.getString(2) >>>; true => ended; }
    }
}

if (clip != "") {
    SndBuf buffer => dac;
    clip => buffer.read;
    true => buffer.loop;
    <<< "clip", buffer.samples(), "frames,", buffer.channels(), "channels:", clip >>>;
    4 * buffer.length() => now; // four times round
}
