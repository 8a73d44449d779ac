<?php

// Answers what composer/semver says, line by line. Fields are hexadecimal and separated by tabs.

@include_once 'Composer/Semver/autoload.php';

use Composer\Semver\Comparator;
use Composer\Semver\Constraint\Constraint;
use Composer\Semver\VersionParser;

if (!class_exists(VersionParser::class)) {
    fwrite(STDERR, "Composer\\Semver is not on PHP's include path\n");
    exit(1);
}
echo 'PHP ', PHP_VERSION, ', PCRE ', PCRE_VERSION, "\n";

// Releases before 3.4 take one group after a date's pairs, later ones two.
function isLongDate(string $text): bool
{
    preg_match_all('{\d[0-9.:-]*}', $text, $runs);
    foreach ($runs[0] as $run) {
        $run = rtrim($run, '.:-');
        $date = '{^\d{4}(?:[.:-]?\d{2}){1,6}(?:[.:-]?\d{1,3})';
        if (preg_match($date . '{0,2}$}', $run) && !preg_match($date . '{0,1}$}', $run)) {
            return true;
        }
    }

    return false;
}

function answer(VersionParser $parser, string $kind, array $fields): string
{
    if ($kind === 'branch') {
        return bin2hex($parser->normalizeBranch($fields[0]));
    }
    if ($kind === 'version') {
        $version = $parser->normalize($fields[0]);

        return bin2hex($version) . ' ' . VersionParser::parseStability($version);
    }
    if ($kind === 'compare') {
        $versions = array_map([$parser, 'normalize'], $fields);
        $holds = fn (string $operator) => Comparator::compare($versions[0], $operator, $versions[1]) ? $operator : '';

        return implode(' ', array_filter(array_map($holds, ['<', '<=', '==', '!=', '>=', '>'])));
    }
    $version = new Constraint('==', $parser->normalize($fields[1]));

    return $parser->parseConstraints($fields[0])->matches($version) ? 'true' : 'false';
}

$parser = new VersionParser();
while (($line = fgets(STDIN)) !== false) {
    $fields = explode("\t", rtrim($line, "\n"));
    $kind = array_shift($fields);
    $fields = array_map('hex2bin', $fields);
    if ($kind !== 'branch' && array_filter($fields, 'isLongDate')) {
        echo "long date\n";
        continue;
    }
    try {
        echo answer($parser, $kind, $fields), "\n";
    } catch (\Throwable $error) {
        echo "error\n";
    }
}
