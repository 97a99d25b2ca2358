using System.Text.RegularExpressions;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>Names with "*" for any characters.</summary>
internal sealed class NodeFilter(IEnumerable<string> patterns)
{
    // Without backtracking no pattern takes long.
    private readonly Regex[] _patterns = [.. patterns.Select(pattern =>
        new Regex($"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)))];

    public bool Matches(string name) => Array.Exists(_patterns, pattern => pattern.IsMatch(name));
}
