using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Costs;

/// <summary>What one run of a graph costs at given input shapes.</summary>
/// <param name="Nodes">Each node of the main graph, in the order in which they run.</param>
/// <param name="ParameterBytes">Bytes of all initialisers.</param>
public sealed record GraphCost(ImmutableArray<NodeCost> Nodes, long ParameterBytes)
{
    /// <summary>All nodes together.</summary>
    public CostSum Total => Sum("", Nodes);

    /// <summary>Nodes of which not all shapes are known, so that the sums are too low; 0 when every free axis is bound and no shape depends on values.</summary>
    public int UnknownNodes => Nodes.Count(node => !node.IsKnown);

    /// <summary>Sums by operator, the most floating-point operations first.</summary>
    public ImmutableArray<CostSum> ByOperator => Group(node => node.Operator);

    /// <summary>
    /// Sums by scope, the most floating-point operations first. A scope is the beginning of a node's name up to a slash:
    /// "/blocks.0/attn/q_proj/MatMul" is in "/blocks.0" at depth 1, and in "/blocks.0/attn" at depth 2.
    /// </summary>
    /// <param name="depth">How many parts of the name make the scope, at least 1.</param>
    /// <returns>The sums; nodes without a name are in "".</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="depth"/> is below 1.</exception>
    public ImmutableArray<CostSum> ByScope(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        return Group(node => ScopeOf(node.Name, depth));
    }

    private static string ScopeOf(string name, int depth)
    {
        string[] parts = name.TrimStart('/').Split('/');
        return parts.Length == 1 ? "" : "/" + string.Join('/', parts.Take(Math.Min(depth, parts.Length - 1)));
    }

    private static CostSum Sum(string key, IReadOnlyCollection<NodeCost> nodes) => new(key, nodes.Count, nodes.Sum(node => node.MultiplyAdds), nodes.Sum(node => node.Flops),
        nodes.Sum(node => node.BytesMoved), nodes.Sum(node => node.Parameters), nodes.Select(node => node.ActivationBytes).DefaultIfEmpty().Max());

    private ImmutableArray<CostSum> Group(Func<NodeCost, string> keyOf) =>
        [.. Nodes.GroupBy(keyOf, StringComparer.Ordinal).Select(group => Sum(group.Key, [.. group])).OrderByDescending(sum => sum.Flops).ThenBy(sum => sum.Key, StringComparer.Ordinal)];
}
