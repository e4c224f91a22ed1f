// A model of what Max gives to a [js] object, and of the part of Live that LiveAPI shows it: no more than our device uses.
// What goes out is kept in `sent` as [outlet, [atoms]]. A path that is not in `set` is an object with id 0, as in Live.

var sent = [], autowatch, inlets, outlets, messagename = "";
var jsarguments = ["daw_bridge.js", dukpy.port];
var set = dukpy.set;
var guess = dukpy.guess;

function outlet(number) {
    var atoms = Array.prototype.slice.call(arguments, 1);
    if (atoms.length === 1 && atoms[0] instanceof Array) {
        atoms = atoms[0];
    }
    if (number < 0 || number >= outlets) {
        throw new Error("js: no outlet " + number);
    }
    for (var i = 0; i < atoms.length; i += 1) {
        if (typeof atoms[i] !== "string" && (typeof atoms[i] !== "number" || isNaN(atoms[i]))) {
            throw new Error("js: " + atoms[i] + " is no atom");
        }
    }
    sent.push([number, atoms]);
}

function arrayfromargs(all) {
    return Array.prototype.slice.call(all);
}

function LiveAPI(path) {
    this.unquotedpath = set.aliases[path] || path;
    this.kept = set.objects[this.unquotedpath];
    this.id = this.kept === undefined ? 0 : 1;
    this.info = this.kept === undefined ? "" : this.kept.info || "";
}

LiveAPI.prototype.get = function (property) {
    if (this.kept === undefined || this.kept[property] === undefined) {
        throw new Error("get: no valid object set, or no property called " + property + " of " + this.unquotedpath);
    }
    return [this.kept[property]];
};

LiveAPI.prototype.set = function (property, value) {
    this.get(property);
    if (property === "loop_end" && value <= this.kept.loop_start) {
        throw new Error("set: invalid value");
    }
    this.kept[property] = value;
};

LiveAPI.prototype.getcount = function (child) {
    var count = 0;
    while (set.objects[this.unquotedpath + " " + child + " " + count] !== undefined) {
        count += 1;
    }
    return count;
};

LiveAPI.prototype.call = function (name, path) {
    if (name !== "create_audio_clip" || this.info.indexOf(name) < 0 || this.kept.has_clip !== 0) {
        throw new Error("call: " + name + " cannot be called on " + this.unquotedpath);
    }
    var facts = dukpy.files[path];
    this.kept.has_clip = 1;
    set.objects[this.unquotedpath + " clip"] = {
        name: path, file_path: path, sample_length: facts.frames, sample_rate: facts.rate, warping: 1, looping: 0,
        loop_start: 0, loop_end: facts.beats * guess, end_marker: facts.beats * guess
    };
};

// What comes into inlet 0: a function of that name is called, as Max does, unless it is local; else `anything`.
function come(all, name, atoms) {
    var found = all[name];
    sent = [];
    messagename = name;
    (typeof found === "function" && !found.local ? found : all.anything).apply(all, atoms);
    return sent;
}
