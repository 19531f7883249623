import "htmx.org";
import "./alert.js";
import "./announce.js";
import "./confirm.js";
import "./field.js";
import "./focus.js";
import "./time.js";
import "./upload.js";
