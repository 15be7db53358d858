/* The logic of a survey page in the browser: shows and hides questions, checks answers as they are
 * given, fills calculated values into texts. The server decides all of it again; without this file
 * the same happens page by page.
 *
 * Expressions come as syntax trees (surveys/questionnaires/expressions/trees.py) and have the values
 * that expressions/evaluator.py gives them: tests/browser/test_survey_logic.py compares the two.
 * Written for Chrome 69: no ?. and ??, no class fields.
 *
 * Values: string, number, boolean, and for a node-set an array of strings, whose property `rows` has
 * the columns of each node where there are any. */
'use strict';
(function () {
  var MAX_TEXT = 100000;
  var MAX_ROWS = 200000;
  var SPACE = /[ \t\r\n]+/;
  var EDGES = /^[ \t\r\n]+|[ \t\r\n]+$/g;
  var DAY = 86400000;

  // ---- values ---------------------------------------------------------------------------------

  function latin(text) {
    return text.replace(/[۰-۹٠-٩٫]/g, function (sign) {
      return sign === '٫' ? '.' : String(sign.charCodeAt(0) & 15);
    });
  }

  function letters(text) { return Array.from(text); }

  function split(text) { return text.split(SPACE).filter(Boolean); }

  function bounded(text) {
    if (text.length > MAX_TEXT && letters(text).length > MAX_TEXT) throw new Error('too long');
    return text;
  }

  function numberText(number) {
    var parts = String(number).split('e');
    if (parts.length < 2) return parts[0];
    var sign = number < 0 ? '-' : '';
    var digits = parts[0].replace('-', '').replace('.', '');
    var point = Number(parts[1]) + 1;
    if (point <= 0) return sign + '0.' + '0'.repeat(-point) + digits;
    return sign + digits + '0'.repeat(point - digits.length);
  }

  /** An answer as text. */
  function plain(raw) {
    if (raw === null || raw === undefined) return '';
    if (typeof raw === 'number') return numberText(raw);
    if (typeof raw === 'object') return Object.keys(raw).map(function (k) { return plain(raw[k]); }).join(' ');
    return String(raw);
  }

  /** An answer as node-set: one node, or one for each round of a repeat. */
  function nodes(raw) {
    if (!Array.isArray(raw)) return [plain(raw)];
    var first = raw[0];
    var isMany = raw.length && raw.every(function (item) { return typeof item === typeof first; }) &&
      (typeof first === 'number' || (typeof first === 'object' && first !== null));
    if (!isMany) return [raw.map(plain).join(' ')];
    var found = raw.map(plain);
    if (typeof first === 'object') found.rows = raw;
    return found;
  }

  function string(value) {
    if (Array.isArray(value)) return value.length ? value[0] : '';
    return typeof value === 'number' ? numberText(value) : String(value);
  }

  function number(value) {
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (typeof value === 'number') return value;
    var text = latin(string(value)).replace(EDGES, '');
    if (/^-?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/.test(text)) return Number(text);
    return days(text);
  }

  function truth(value) {
    if (Array.isArray(value)) return value.some(Boolean);
    return Boolean(value);
  }

  function texts(value) { return Array.isArray(value) ? value : [string(value)]; }

  function all(values) { return [].concat.apply([], values.map(texts)); }

  // ---- dates ----------------------------------------------------------------------------------

  var MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?)?$/;

  function utc(year, month, day) {
    var moment = new Date(0);
    moment.setUTCFullYear(year, month - 1, day);
    return moment;
  }

  function parts(text) {
    var found = MOMENT.exec(text);
    if (!found) return null;
    var n = found.map(Number);
    var moment = utc(n[1], n[2], n[3]);
    if (n[1] < 1 || moment.getUTCMonth() !== n[2] - 1 || moment.getUTCDate() !== n[3]) return null;
    var isDate = found[4] === undefined;
    if (!isDate && (n[4] > 23 || n[5] > 59 || n[6] > 59)) return null;
    var zone = found[9] ? (n[10] * 60 + n[11]) * (found[9] === '-' ? -1 : 1) : 0;
    return {
      y: n[1], m: n[2], d: n[3], day: moment.getTime() / DAY, week: moment.getUTCDay(), isDate: isDate,
      h: n[4] || 0, min: n[5] || 0, s: n[6] || 0, micro: Number(((found[7] || '') + '000000').slice(0, 6)), zone: zone
    };
  }

  function days(text) {
    var p = parts(text);
    if (!p) return NaN;
    if (p.isDate) return p.day;
    var seconds = p.day * 86400 + p.h * 3600 + (p.min - p.zone) * 60 + p.s;
    var day = Math.floor(seconds / 86400);
    return day + ((seconds - day * 86400) * 1e6 + p.micro) / 86400e6;
  }

  function isoDate(milliseconds) {
    var date = new Date(milliseconds);
    var year = date.getUTCFullYear();
    return year >= 1 && year <= 9999 ? date.toISOString() : '';
  }

  function dateText(count) { return isFinite(count) ? isoDate(Math.floor(count) * DAY).slice(0, 10) : ''; }

  function date(value) {
    if (typeof value !== 'number') {
      var text = latin(string(value).replace(EDGES, ''));
      if (parts(text)) return text.slice(0, 10);
    }
    return dateText(number(value));
  }

  function dateTime(value) {
    if (typeof value !== 'number') {
      var text = latin(string(value)).replace(EDGES, '');
      if (parts(text)) return text;
    }
    var count = number(value);
    var iso = isFinite(count) ? isoDate(Math.floor(count * DAY + 0.5)) : '';
    return iso && iso.slice(0, 19) + '+00:00';
  }

  function pad(count, width) { return ('000' + count).slice(-width); }

  function formatDate(value, pattern) {
    var p = parts(dateTime(value));
    if (!p) return '';
    var names = 'JanFebMarAprMayJunJulAugSepOctNovDec';
    var table = {
      Y: pad(p.y, 4), y: pad(p.y % 100, 2), m: pad(p.m, 2), n: p.m, b: names.substr(p.m * 3 - 3, 3),
      d: pad(p.d, 2), e: p.d, H: pad(p.h, 2), h: p.h, M: pad(p.min, 2), S: pad(p.s, 2),
      3: pad(Math.floor(p.micro / 1000), 3), a: 'SunMonTueWedThuFriSat'.substr(p.week * 3, 3), '%': '%'
    };
    return bounded(string(pattern).replace(/%([^\n])/g, function (whole, letter) {
      return table.hasOwnProperty(letter) ? table[letter] : whole;
    }));
  }

  // ---- functions ------------------------------------------------------------------------------

  function round(value, places) {
    var n = number(value);
    if (places === undefined) return Math.round(n);
    var digits = number(places);
    if (!isFinite(n) || !isFinite(digits)) return isNaN(digits) ? NaN : n;
    var shift = Math.max(-30, Math.min(30, Math.trunc(digits)));
    var shifted = scaled(Math.abs(n), shift);
    if (!isFinite(shifted) || shifted >= 4503599627370496) return n;
    var rounded = scaled(Math.round(shifted), -shift);
    return n < 0 || Object.is(n, -0) ? -rounded : rounded;
  }

  /** n · 10^shift, rounded once, as if the decimal point were moved on paper. */
  function scaled(n, shift) {
    var found = String(n).split('e');
    return Number(found[0] + 'e' + (Number(found[1] || 0) + shift));
  }

  function extreme(isBetter) {
    return function () {
      var numbers = all(Array.from(arguments)).filter(Boolean).map(number);
      if (!numbers.length || numbers.some(isNaN)) return NaN;
      return numbers.reduce(function (best, one) { return isBetter(one, best) ? one : best; });
    };
  }

  function within(count, least, most) {
    var low = number(least);
    var high = number(most);
    return (low === -1 || count >= low) && (high === -1 || count <= high);
  }

  function index(value, length) {
    var n = number(value);
    return isNaN(n) ? 0 : Math.trunc(Math.max(-length, Math.min(n, length)));
  }

  function numeric(name) {
    return function () { return Math[name].apply(Math, Array.from(arguments).map(number)); };
  }

  var F = {
    'boolean': truth,
    'boolean-from-string': function (a) { a = latin(string(a)); return a === '1' || a === 'true'; },
    'checklist': function (least, most) {
      return within(Array.from(arguments).slice(2).filter(truth).length, least, most);
    },
    'concat': function () { return bounded(all(Array.from(arguments)).join('')); },
    'contains': function (a, b) { return latin(string(a)).includes(latin(string(b))); },
    'count-non-empty': function (a) { return texts(a).filter(Boolean).length; },
    'count-selected': function (a) { return split(latin(string(a))).length; },
    'date': date,
    'date-time': dateTime,
    'decimal-date-time': number,
    'decimal-time': function (a) {
      var text = latin(string(a)).replace(EDGES, '');
      var at = text.indexOf('T');
      var clock = (at >= 0 && text.slice(at + 1)) || text;
      return days('1970-01-01T' + clock.split('+')[0].split('Z')[0].split('-')[0]);
    },
    'ends-with': function (a, b) { return latin(string(a)).endsWith(latin(string(b))); },
    'exp10': function (a) { return Math.pow(10, number(a)); },
    'false': function () { return false; },
    'format-date': formatDate,
    'format-date-time': formatDate,
    'int': numeric('trunc'),
    'join': function (glue) {
      return bounded(all(Array.from(arguments).slice(1)).join(string(glue)));
    },
    'max': extreme(function (a, b) { return a > b; }),
    'min': extreme(function (a, b) { return a < b; }),
    'normalize-space': function (a) { return split(string(a)).join(' '); },
    'not': function (a) { return !truth(a); },
    'number': number,
    'ceiling': numeric('ceil'),
    'pi': function () { return Math.PI; },
    'round': round,
    'selected': function (a, b) {
      return split(latin(string(a))).includes(latin(string(b)).replace(EDGES, ''));
    },
    'selected-at': function (a, b) {
      var at = Math.trunc(number(b));
      return split(string(a))[at] || '';
    },
    'starts-with': function (a, b) { return latin(string(a)).startsWith(latin(string(b))); },
    'string': string,
    'string-length': function (a) { return letters(string(a)).length; },
    'substr': function (a, start, end) {
      var text = letters(string(a));
      return text.slice(index(start, text.length), end === undefined ? text.length : index(end, text.length)).join('');
    },
    'substring': function (a, start, length) {
      var text = letters(string(a));
      var first = Math.round(number(start));
      var last = length === undefined ? Infinity : first + Math.round(number(length));
      return text.filter(function (_, at) { return at + 1 >= first && at + 1 < last; }).join('');
    },
    'substring-after': function (a, b) {
      var whole = string(a);
      var part = string(b);
      var at = whole.indexOf(part);
      return at < 0 ? '' : whole.slice(at + part.length);
    },
    'substring-before': function (a, b) {
      var at = string(a).indexOf(string(b));
      return at < 0 ? '' : string(a).slice(0, at);
    },
    'sum': function () {
      return all(Array.from(arguments)).reduce(function (total, one) { return total + number(one); }, 0);
    },
    'translate': function (a, from, to) {
      var source = letters(string(from));
      var target = letters(string(to));
      return letters(string(a)).map(function (letter) {
        var at = source.indexOf(letter);
        return at < 0 ? letter : target[at] || '';
      }).join('');
    },
    'true': function () { return true; },
    'weighted-checklist': function (least, most) {
      var pairs = Array.from(arguments).slice(2);
      var total = 0;
      for (var i = 0; i < pairs.length; i += 2) total += truth(pairs[i]) ? number(pairs[i + 1]) : 0;
      return within(total, least, most);
    }
  };
  'abs acos asin atan atan2 cos exp floor log log10 pow sin sqrt tan'.split(' ').forEach(function (name) {
    F[name] = numeric(name);
  });

  // ---- evaluation -----------------------------------------------------------------------------

  function own(object, name) {
    return object && Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
  }

  function compareAtoms(operator, left, right) {
    if (operator === '=' || operator === '!=') {
      var equal = typeof left === 'string' && typeof right === 'string'
        ? latin(left) === latin(right) : number(left) === number(right);
      return equal === (operator === '=');
    }
    left = number(left);
    right = number(right);
    if (operator === '<') return left < right;
    if (operator === '<=') return left <= right;
    return operator === '>' ? left > right : left >= right;
  }

  function compare(operator, left, right) {
    if (typeof left === 'boolean' || typeof right === 'boolean') {
      if (operator === '=' || operator === '!=') return (truth(left) === truth(right)) === (operator === '=');
      if (Array.isArray(left)) left = truth(left);
      if (Array.isArray(right)) right = truth(right);
    }
    return [].concat(left).some(function (one) {
      return [].concat(right).some(function (other) { return compareAtoms(operator, one, other); });
    });
  }

  function chain(operators, operands, context) {
    if (operators[0] === 'or') return operands.some(function (one) { return truth(evaluate(one, context)); });
    if (operators[0] === 'and') return operands.every(function (one) { return truth(evaluate(one, context)); });
    return operands.slice(1).reduce(function (left, operand, at) {
      var right = evaluate(operand, context);
      switch (operators[at]) {
        case '|': return texts(left).concat(texts(right));
        case '+': return number(left) + number(right);
        case '-': return number(left) - number(right);
        case '*': return number(left) * number(right);
        case 'div': return number(left) / number(right);
        case 'mod': return number(left) % number(right);
        default: return compare(operators[at], left, right);
      }
    }, evaluate(operands[0], context));
  }

  /** [{text, columns}] and whether they are rows of a table. */
  function rowsOf(tree, context) {
    if (tree[0] === 'table') {
      var table = own(context.tables, tree[1]);
      if (!table) throw new Error('no table');
      return { isTable: true, found: table.map(function (row) { return { text: plain(row), columns: row }; }) };
    }
    if (tree[0] !== 'filter') {
      var value = nodes2(evaluate(tree, context));
      return { isTable: false, found: value.map(function (text, at) {
        return { text: text, columns: value.rows ? value.rows[at] : {} };
      }) };
    }
    var inner = rowsOf(tree[1], context);
    var found = inner.found;
    var seen = context.row ? context.row.seen : { count: 0 };
    tree[2].forEach(function (predicate) {
      seen.count += found.length;
      if (seen.count > MAX_ROWS) throw new Error('too many rows');
      found = found.filter(function (one, at) {
        var row = { text: one.text, columns: one.columns, isTable: inner.isTable, at: at + 1, size: found.length, seen: seen };
        var kept = evaluate(predicate, Object.assign({}, context, { row: row }));
        return typeof kept === 'number' ? kept === at + 1 : truth(kept);
      });
    });
    if (tree[3]) {
      found = column(found, tree[3], inner.isTable).map(function (text) { return { text: text, columns: {} }; });
    }
    return { isTable: inner.isTable, found: found };
  }

  function nodes2(value) { return Array.isArray(value) ? value : [string(value)]; }

  function column(rows, name, isTable) {
    return rows.filter(function (row) { return !isTable || own(row.columns, name) !== undefined; })
      .map(function (row) { return nodes(own(row.columns, name))[0]; });
  }

  function choiceName(value, question, context) {
    return bounded(split(value).map(function (name) {
      return own(own(context.labels, question), name) || name;
    }).join(', '));
  }

  function call(name, args, context) {
    var row = context.row;
    switch (name) {
      case 'if': return evaluate(args[truth(evaluate(args[0], context)) ? 1 : 2], context);
      case 'coalesce':
        var value = '';
        for (var i = 0; i < args.length; i++) {
          value = evaluate(args[i], context);
          if (string(value) !== '') return value;
        }
        return value;
      case 'once':
        var current = nodes(context.current);
        return current.some(Boolean) ? current : evaluate(args[0], context);
      case 'count': return texts(evaluate(args[0], context)).length;
      case 'position': return row && !args.length ? row.at : context.position || 1;
      case 'last': return row ? row.size : context.size || 1;
      case 'today': return context.now.slice(0, 10);
      case 'now': return context.now;
      case 'jr:choice-name': return choiceName(string(evaluate(args[0], context)), args[1], context);
      case 'indexed-repeat':
        var found = texts(evaluate(args[0], context));
        var at = number(evaluate(args[2], context));
        return at >= 1 && at <= found.length ? found[Math.trunc(at) - 1] : '';
      case 'regex':
        var subject = latin(string(evaluate(args[0], context)));
        return letters(subject).length <= args[2] && new RegExp(args[1], 'u').test(subject);
      case 'pulldata':
        var words = args.map(function (one) { return string(evaluate(one, context)); });
        var table = own(context.tables, words[0].replace(/\.csv$/, ''));
        if (!table) throw new Error('no table');
        var hit = table.find(function (one) {
          return own(one, words[2]) !== undefined && latin(plain(one[words[2]])) === latin(words[3]);
        });
        return hit ? plain(own(hit, words[1])) : '';
    }
    var values = args.map(function (one) { return evaluate(one, context); });
    var isAboutCurrent = name === 'string' || name === 'number' || name === 'string-length' || name === 'normalize-space';
    if (!values.length && isAboutCurrent) values = [row ? [row.text] : nodes(context.current)];
    return F[name].apply(null, values);
  }

  /** The value of a tree. context: {lookup(name), current, now, labels, tables, position, size}. */
  function evaluate(tree, context) {
    if (!Array.isArray(tree)) return tree;
    switch (tree[0]) {
      case 'bare':
        if (context.columns) {
          var cell = own(context.columns, tree[1]);
          return cell === undefined ? [] : [cell];
        }
        // falls through
      case '$':
        var raw = context.lookup(tree[1]);
        return raw && raw.nodes ? raw.nodes : nodes(raw);
      case '.': return nodes(context.current);
      case 'here': return [context.row ? context.row.text : ''];
      case 'column': return context.row ? column([context.row], tree[1], context.row.isTable) : [];
      case 'nothing': return [''];
      case 'infinity': return Infinity;
      case 'negate': return -number(evaluate(tree[1], context));
      case 'chain': return chain(tree[1], tree[2], context);
      case 'table':
      case 'filter':
        var found = rowsOf(tree, context).found;
        var value = found.map(function (one) { return one.text; });
        value.rows = found.map(function (one) { return one.columns; });
        return value;
      default: return call(tree[0].slice(1), tree.slice(1), context);
    }
  }

  // ---- what a person typed, as surveys/questionnaires/answers.py stores it -----------------------

  function numberTyped(text) {
    return latin(text.replace(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')).trim()
      .replace(/−/g, '-').replace(/\//g, '.')
      .replace(/([0-9])[,٬،'’ \u00a0\u202f](?=[0-9]{3}(?![0-9]))/g, '$1');
  }

  function isShort(digits) { return digits.replace('.', '').replace(/^0+/, '').length <= 15; }

  function integer(text) {
    var found = /^([+-]?)([0-9]+)(?:\.0*)?$/.exec(numberTyped(text));
    return found && isShort(found[2]) ? Number(found[1] + found[2]) + 0 : null;
  }

  function decimal(text) {
    text = numberTyped(text);
    if (/^[+-]?[0-9]+,[0-9]{1,2}$/.test(text)) text = text.replace(',', '.');
    var found = /^[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)$/.exec(text);
    return found && isShort(found[1]) ? Number(text) : null;
  }

  function written(text, isLatin) {
    text = text.replace(/\r\n?/g, '\n')
      .replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, '').trim();
    if (isLatin) text = latin(text);
    return text && letters(text).length <= 5000 ? text : null;
  }

  /** The first day of a Persian year's month plus days, as days since 1970: jdatetime's rule of 33 years. */
  function persianDay(year, month, day) {
    var isLeap = [1, 5, 9, 13, 17, 22, 26, 30].includes(year % 33);
    var length = month < 7 ? 31 : month < 12 || isLeap ? 30 : 29;
    if (day < 1 || day > length) return NaN;
    var y = year - 979;
    var passed = 365 * y + Math.floor(y / 33) * 8 + Math.floor((y % 33 + 3) / 4);
    return passed + (month - 1) * 30 + Math.min(month - 1, 6) + day - 1 + 79 - 135140;
  }

  function small(text) { return /^[0-9]{1,4}$/.test(text) ? Number(text) : NaN; }

  /** Day, month and year, hour and minute as a date or time, as dateparts.py joins them. */
  function moment(kind, typed) {
    typed = typed.map(function (text) { return latin(text).trim(); });
    var size = { date: 3, time: 2, dateTime: 5 }[kind];
    if (typed.length !== size || !typed[0]) return null;
    var text = [];
    if (kind !== 'time') {
      var month = /^(persian|gregorian)-(0[1-9]|1[0-2])$/.exec(typed[1]);
      var day = small(typed[0]);
      var year = small(typed[2]);
      if (!month) return null;
      var isPersian = month[1] === 'persian';
      if (!(isPersian ? year >= 1250 && year <= 1500 : year >= 1850 && year <= 2150)) return null;
      var iso = isPersian ? isoDate(persianDay(year, Number(month[2]), day) * DAY).slice(0, 10)
        : pad(year, 4) + '-' + month[2] + '-' + pad(day, 2);
      if (!parts(iso)) return null;
      text.push(iso);
    }
    if (kind !== 'date') {
      var hour = small(typed[size - 2]);
      var minute = small(typed[size - 1] || '0');
      if (!(hour < 24 && minute < 60)) return null;
      text.push(pad(hour, 2) + ':' + pad(minute, 2) + ':00');
    }
    return text.join('T');
  }

  /** The value of a question's controls, null where it has none or an unusable one. */
  function answer(question, controls) {
    var values = controls.filter(function (one) {
      return (one.type !== 'radio' && one.type !== 'checkbox') || one.checked;
    }).map(function (one) { return one.value; });
    if (/^(date|time)/.test(question.k)) return moment(question.k, values);
    values = values.filter(function (value) { return value.trim(); });
    if (!values.length) return null;
    switch (question.k) {
      case 'integer': return integer(values[0]);
      case 'decimal': return decimal(values[0]);
      case 'select_multiple': return values;
      case 'select_one': return values[0];
      default: return written(values[0], question.latin);
    }
  }

  function storable(value) {
    if (Array.isArray(value)) value = string(value);
    if (typeof value === 'number') return isFinite(value) ? value : null;
    return value === '' ? null : String(value);
  }

  // ---- the page -------------------------------------------------------------------------------

  /** Without names of its own: a question may be called "constructor". */
  function table() { return Object.create(null); }

  function start(data, form) {
    var shown = form.querySelector('[name=".shown"]');
    var first = shown.value.split(' ');
    var questions = table();
    var places = table();
    var touched = table();
    var memo;
    var status = document.createElement('p');
    status.className = 'visually-hidden';
    status.setAttribute('role', 'status');
    form.parentNode.insertBefore(status, form);

    data.questions.forEach(function (question) { questions[question.n] = question; });
    data.shown.forEach(function (name) {
      var template = document.getElementById('t-' + name);
      var element = document.getElementById('q-' + name);
      if (template) {
        places[name] = { box: template.content.firstElementChild, mark: template, isIn: false };
      } else if (element) {
        var box = element.closest('.field') || element;
        var mark = document.createComment('');
        box.parentNode.insertBefore(mark, box.nextSibling);
        places[name] = { box: box, mark: mark, isIn: true };
      }
    });

    function controls(name) {
      if (!places[name]) return [];
      return Array.from(places[name].box.querySelectorAll('input,select,textarea'))
        .filter(function (one) { return one.name === name; });
    }

    // The choices that a filter may offer, and where they stand.
    data.questions.forEach(function (question) {
      var at = places[question.n];
      var template = document.getElementById('o-' + question.n);
      if (!question.w || !template || !at) return;
      at.list = at.box.querySelector('select') ||
        Array.from(at.box.children).filter(function (one) { return one.tagName === 'DIV'; }).pop();
      var chosen = [].concat(answer(question, controls(question.n)) || []);
      Array.from(at.list.children).forEach(function (one) {
        if (control(one).value) at.list.removeChild(one);
      });
      // "Choose…" stands before the choices, "No answer" after them.
      at.end = at.list.tagName === 'SELECT' ? null : at.list.firstElementChild;
      at.pool = Array.from(template.content.children);
      at.pool.forEach(function (one) { choose(one, chosen.includes(control(one).value)); });
      at.offered = '';
    });

    /** The box in a label, or the option itself. */
    function control(element) { return element.querySelector('input') || element; }

    function choose(element, isChosen) {
      control(element)[element.tagName === 'OPTION' ? 'selected' : 'checked'] = isChosen;
    }

    /** The places in the list of the choices that are offered: names may occur twice. */
    function offered(name) {
      if (!(name in memo.offered)) {
        var question = questions[name];
        memo.offered[name] = [];
        memo.offered[name] = Object.keys(question.o).filter(function (at) {
          var choice = question.o[at];
          return choice[1] === null || holds(question.w, read(name), choice[1], Number(at) + 1);
        }).map(Number);
      }
      return memo.offered[name];
    }

    function rearrange(name) {
      var at = places[name];
      var wanted = offered(name).join(' ');
      if (!at.pool || at.offered === wanted) return;
      at.offered = wanted;
      var chosen = [].concat(raw(name) || []);
      at.pool.forEach(function (one) {
        if (one.parentNode === at.list) at.list.removeChild(one);
      });
      at.pool.forEach(function (one, n) {
        var isOffered = offered(name).includes(n);
        // What a filter takes away is no answer any more, also when it is offered again.
        choose(one, isOffered && chosen.includes(control(one).value));
        if (isOffered) at.list.insertBefore(one, at.end);
      });
      if (at.list.tagName === 'SELECT' && !chosen.length) at.list.selectedIndex = 0;
    }

    function context(current, columns) {
      return {
        lookup: value, current: current, columns: columns, now: data.now, labels: data.labels,
        tables: data.tables, position: data.position, size: data.size
      };
    }

    /** As in Python, what has no value is false; a number that filters choices is a place. */
    function holds(tree, current, columns, place) {
      try {
        var value = evaluate(tree, context(current, columns));
        return place && typeof value === 'number' ? value === place : truth(value);
      } catch (error) { return false; }
    }

    function relevant(name) {
      var known = memo.relevant;
      if (!(name in known)) {
        var conditions = questions[name].r;
        known[name] = false;
        known[name] = conditions === true || (conditions !== false && conditions.every(function (tree) {
          return holds(tree, raw(name));
        }));
      }
      return known[name];
    }

    function read(name) {
      var question = questions[name];
      if (question.k !== 'fixed' && places[name]) return answer(question, controls(name));
      return question.s === undefined ? null : question.s;
    }

    /** What is given, without choices that a filter has taken away. */
    function raw(name) {
      var given = read(name);
      if (!questions[name].w || given === null) return given;
      var names = offered(name).map(function (at) { return questions[name].o[at][0]; });
      var left = [].concat(given).filter(function (one) { return names.includes(one); });
      if (!left.length) return null;
      return Array.isArray(given) ? left : left[0];
    }

    function value(name) {
      if (!own(questions, name)) return own(data.values, name);
      if (!(name in memo.value)) {
        memo.value[name] = null;
        if (relevant(name)) memo.value[name] = questions[name].v === undefined ? raw(name) : calculated(name);
      }
      return memo.value[name];
    }

    function calculated(name) {
      try { return storable(evaluate(questions[name].v, context(questions[name].s))); } catch (error) { return null; }
    }

    function place(name) {
      var at = places[name];
      var isWanted = relevant(name) && (!questions[name].w || offered(name).length > 0);
      if (at.isIn === isWanted) return;
      at.isIn = isWanted;
      if (isWanted) at.mark.parentNode.insertBefore(at.box, at.mark);
      else at.box.parentNode.removeChild(at.box);
      // The browser tells of one tap twice (input, change): the word stays until the next change.
      status.textContent = isWanted ? data.more : '';
    }

    function text(name) {
      var given = value(name);
      var chosen = own(data.labels, name);
      var found = chosen && given
        ? [].concat(given).map(function (one) { return own(chosen, one) || one; }).join(data.comma) : plain(given);
      found = found.replace(/[0-9۰-۹٠-٩]/g, function (digit) { return data.digits[digit.charCodeAt(0) & 15]; });
      return found ? '\u2066' + found + '\u2069' : '…';
    }

    function check(question) {
      var name = question.n;
      var given = value(name);
      var isWrong = Boolean(touched[name]) && given !== null && places[name].isIn && !holds(question.c, given);
      var box = places[name].box;
      var hint = box.querySelector('.error--live');
      // What the server said stays until it looks again.
      if (box.querySelector('#q-' + CSS.escape(name) + '-error') || Boolean(hint) === isWrong) return;
      if (hint) hint.parentNode.removeChild(hint);
      else {
        hint = document.createElement('span');
        hint.className = 'error error--live';
        hint.id = 'q-' + name + '-live';
        hint.setAttribute('role', 'status');
        hint.textContent = data.error + ' ' + (question.m || data.wrong);
        var label = box.querySelector('legend, label');
        label.parentNode.insertBefore(hint, label.nextSibling);
      }
      box.classList.toggle(box.tagName === 'FIELDSET' ? 'fieldset--error' : 'field--error', isWrong);
      controls(name).forEach(function (one) {
        if (isWrong) one.setAttribute('aria-invalid', 'true'); else one.removeAttribute('aria-invalid');
        var others = (one.getAttribute('aria-describedby') || '').split(' ').filter(function (id) { return id && id !== 'q-' + name + '-live'; });
        one.setAttribute('aria-describedby', others.concat(isWrong ? 'q-' + name + '-live' : []).join(' '));
      });
    }

    function mark(question) {
      var box = places[question.n].box;
      var isRequired = holds(question.q, raw(question.n));
      var note = box.querySelector('.optional');
      if (Boolean(note) === isRequired) return;
      if (note) note.parentNode.removeChild(note);
      else {
        note = document.createElement('span');
        note.className = 'optional';
        note.textContent = ' ' + data.required;
        box.querySelector('legend, label').appendChild(note);
      }
      controls(question.n).forEach(function (one) {
        if (one.type === 'radio' || one.type === 'checkbox') return;
        if (isRequired) one.setAttribute('aria-required', 'true'); else one.removeAttribute('aria-required');
      });
    }

    function update() {
      memo = { relevant: table(), value: table(), offered: table() };
      data.questions.forEach(function (question) {
        if (!places[question.n] || question.f) return;
        if (question.w) rearrange(question.n);
        place(question.n);
      });
      shown.value = data.shown.filter(function (name) {
        return places[name] ? places[name].isIn : first.includes(name);
      }).map(function (name) {
        return own(questions, name) && questions[name].w ? name + ' ' + name + '!' : name;
      }).join(' ');
      document.querySelectorAll('[data-answer]').forEach(function (span) {
        var name = span.getAttribute('data-answer');
        if (own(questions, name)) span.textContent = text(name);
      });
      data.questions.forEach(function (question) {
        if (!places[question.n]) return;
        if (question.c !== undefined) check(question);
        if (question.q !== undefined) mark(question);
      });
    }

    form.addEventListener('input', update);
    form.addEventListener('change', function (event) {
      touched[event.target.name] = true;
      update();
    });
    // The browser puts back what was typed after a step back, and after this script has begun.
    window.addEventListener('pageshow', update);
    update();
    // For who shows several pages of one form: portal/static/js/interview-form.js.
    return {
      update: update,
      relevant: function (name) { return own(questions, name) ? relevant(name) : true; },
      stands: function (name) {
        var question = own(questions, name);
        var given = question && question.c !== undefined ? value(name) : null;
        return given === null || holds(question.c, given);
      },
      isRequired: function (name) {
        var question = own(questions, name);
        return question && question.q !== undefined ? holds(question.q, raw(name)) : null;
      },
      objection: function (name) { return own(questions, name).m || data.wrong; }
    };
  }

  window.PasokhLogic = { evaluate: evaluate, answer: answer, start: start };

  var block = document.getElementById('survey-logic');
  var form = document.getElementById('survey');
  if (!block || !form) return;
  try {
    // Without this an old browser reads no pattern of ours: the server does all of it then.
    new RegExp('\\p{L}', 'u');
  } catch (error) {
    return;
  }
  start(JSON.parse(block.textContent), form);
})();
