// The mind of the Max for Live device: what its controls say becomes OSC, and what the daemon reports is shown.
//
// For the [js] object, so in the JavaScript of 2009 (ECMAScript 5). Inlet 0 takes the controls' words and what [udpreceive]
// hears; a report is asked for at that port, the first argument of the object, because [udpsend] cannot hear. Outlets:
// 0 to [udpsend], 1 the line of text, 2 the progress in per cent, 3 the menu of takes.
//
// Live's own objects are touched only when a button is pressed, never while the device is still loading.

autowatch = 1;
inlets = 1;
outlets = 4;

var REPLY_PORT = jsarguments.length > 1 ? jsarguments[1] : 9312;

var wish = { prompt: "", preset: "", bars: 0, takes: 0 };
var stem = "max-" + new Date().getTime().toString(36) + "-"; // no two lives of this device name jobs alike
var count = 0;
var job = ""; // the job whose reports are shown: the last one
var title = ""; // what its clips are called
var landable = []; // its takes, best first: { rank, score, path }
var chosen = 0;

// The controls. A preset that the menu shows counts, else the text; [t b b] has the text come before each "generate".

function text() {
    wish.prompt = arrayfromargs(arguments).join(" ");
}

function preset(name) {
    wish.preset = name === "-" ? "" : String(name);
}

function bars(number) {
    wish.bars = number;
}

function takes(number) {
    wish.takes = number;
}

function take(index) {
    chosen = index;
}

function generate() {
    if (wish.preset === "" && wish.prompt === "") {
        say("write what you want, or choose a preset");
        return;
    }
    tellSession();
    title = wish.preset || wish.prompt;
    send(wish.preset === "" ? ["/bridge/generate", wish.prompt] : ["/bridge/preset/" + wish.preset]);
}

function again() {
    if (job === "") {
        say("there is nothing yet to do again");
        return;
    }
    tellSession();
    send(["/bridge/again", job]);
}

function cancel() {
    if (job !== "") {
        outlet(0, "/bridge/cancel", job);
    }
}

// What the daemon says.

function anything() {
    var a = arrayfromargs(arguments);
    if (messagename === "/bridge/error") {
        say(a[2] + " (" + a[1] + ")");
    } else if (a[0] === job && job !== "") {
        hear(messagename, a);
    }
}

function hear(address, a) {
    if (address === "/bridge/queued") {
        say("queued: about " + Math.round(a[2]) + " s");
    } else if (address === "/bridge/progress") {
        outlet(2, Math.round(100 * a[1]));
        say(a[2]);
    } else if (address === "/bridge/warning") {
        say(a[1]);
    } else if (address === "/bridge/delivered") {
        landable.push({ rank: a[1], score: a[2], path: String(a[3]) });
        outlet(3, "append", a[1] + ": " + a[2].toFixed(2));
    } else if (address === "/bridge/done") {
        outlet(2, 100);
        say(a[1] + " takes in " + a[2].toFixed(1) + " s; choose one and press Land");
    } else if (address === "/bridge/cancelled") {
        outlet(2, 0);
        say("cancelled");
    } else if (address === "/bridge/failed") {
        outlet(2, 0);
        say(a[2] + " (" + a[1] + ")");
    }
}
hear.local = 1;

function send(words) {
    count += 1;
    job = stem + count;
    landable = [];
    chosen = 0;
    words.push("id", job, "reply_port", REPLY_PORT);
    if (wish.bars > 0) {
        words.push("bars", wish.bars);
    }
    if (wish.takes > 0) {
        words.push("takes", wish.takes);
    }
    outlet(3, "clear");
    outlet(2, 0);
    say("sent; if nothing follows, start daw-bridge serve");
    outlet(0, words);
}
send.local = 1;

function say(words) {
    outlet(1, "set", words);
}
say.local = 1;

// Live.

function tellSession() {
    var song = new LiveAPI("live_set");
    outlet(0, "/tempo/raw", number(song, "tempo"));
    outlet(0, "/time/signature", number(song, "signature_numerator") + " / " + number(song, "signature_denominator"));
}
tellSession.local = 1;

// The chosen take becomes a clip in the first empty slot, from the selected scene on, of this track if it is one for audio,
// else of the selected one. It is never put over a clip.
function land() {
    var one = landable[chosen];
    if (one === undefined) {
        say("there is no take to land yet");
        return;
    }
    var track = audioTrack();
    if (track === null) {
        say("select an audio track, and press Land again");
        return;
    }
    var slot = emptySlot(track);
    if (slot === null) {
        say("no slot is empty there from the selected scene on; insert a scene");
    } else if (String(slot.info).indexOf("create_audio_clip") < 0) {
        say("this Live cannot place it (12.0.5 and later can); drag it from Places: " + one.path.split(/[\/\\]/).pop());
    } else {
        slot.call("create_audio_clip", one.path);
        fit(new LiveAPI(slot.unquotedpath + " clip"), one);
    }
}

function audioTrack() {
    var paths = ["this_device canonical_parent", "live_set view selected_track"];
    for (var i = 0; i < paths.length; i += 1) {
        var track = new LiveAPI(paths[i]);
        if (number(track, "has_audio_input") === 1 && number(track, "is_foldable") === 0 && track.getcount("clip_slots") > 0) {
            return track;
        }
    }
    return null;
}
audioTrack.local = 1;

function emptySlot(track) {
    var row = /scenes (\d+)/.exec(new LiveAPI("live_set view selected_scene").unquotedpath);
    for (var i = row ? Number(row[1]) : 0; i < track.getcount("clip_slots"); i += 1) {
        var slot = new LiveAPI(track.unquotedpath + " clip_slots " + i);
        if (number(slot, "has_clip") === 0) {
            return slot;
        }
    }
    return null;
}
emptySlot.local = 1;

// The file's name says its tempo, and Live its length: with both, its beats are known, whatever Live guessed.
function fit(clip, one) {
    var named = /_(\d+(?:\.\d+)?)bpm_/.exec(one.path);
    if (named === null) {
        say("landed as Live takes it: the file's name tells no tempo");
        return;
    }
    var exact = (number(clip, "sample_length") / number(clip, "sample_rate") * Number(named[1])) / 60;
    var beats = Math.round(exact * 8) / 8;
    clip.set("warping", 1);
    var guessed = number(clip, "end_marker"); // a new clip ends where its file does, in beats as Live counts them
    clip.set("looping", 1);
    clip.set("loop_start", 0);
    clip.set("loop_end", beats);
    clip.set("name", title);
    if (Math.abs(guessed - beats) > 0.01) {
        say("landed, but Live takes it for another tempo: set its BPM to " + named[1] + " in the clip view");
    } else {
        say("landed: " + beats + " beats");
    }
}
fit.local = 1;

function number(object, property) {
    var value = object.get(property);
    return Number(value instanceof Array ? value[0] : value);
}
number.local = 1;
