using System.Text;
using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Optimization;

namespace Seedance.Onnx.Cli;

/// <summary>What a run of a graph costs, for people and for scripts.</summary>
internal static class CostText
{
    private const int MostOperators = 6;
    private const int MostScopes = 6;

    public static void Append(StringBuilder text, GraphInspection graph, string indent)
    {
        CostSum total = graph.Cost.Total;
        text.AppendLine($"{indent}a run with {string.Join(", ", graph.Shapes.Select(input => $"{input.Key} [{string.Join(", ", input.Value)}]"))}");
        text.AppendLine($"{indent}  computes {Quantity.Count(total.Flops)} operations ({Quantity.Count(total.MultiplyAdds)} multiply-adds), moves {Quantity.Bytes(total.BytesMoved)}, "
            + $"holds {Quantity.Bytes(graph.Cost.ParameterBytes)} of weights and up to {Quantity.Bytes(total.PeakActivationBytes)} of values");
        AppendShares("most in", graph.Cost.ByOperator, MostOperators);
        AppendShares("most under", [.. graph.Cost.ByScope(2).Where(scope => scope.Key.Length > 0)], MostScopes);
        if (graph.Cost.UnknownNodes > 0)
        {
            text.AppendLine($"{indent}  not counted: {graph.Cost.UnknownNodes} nodes whose shapes are not known before it runs");
        }

        void AppendShares(string title, IReadOnlyList<CostSum> sums, int most)
        {
            string shares = string.Join(", ", sums.Take(most).Where(sum => sum.Flops > 0).Select(sum => $"{sum.Key} {100.0 * sum.Flops / total.Flops:0.#} %"));
            if (shares.Length > 0)
            {
                text.AppendLine($"{indent}  {title} {shares}");
            }
        }
    }

    /// <summary>The cost as JSON.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="nodes">Whether each node is in it.</param>
    public static object ToJson(GraphInspection graph, bool nodes)
    {
        CostSum total = graph.Cost.Total;
        return new
        {
            graph.Shapes,
            graph.Assumed,
            total.MultiplyAdds,
            total.Flops,
            total.BytesMoved,
            total.PeakActivationBytes,
            graph.Cost.ParameterBytes,
            graph.Cost.UnknownNodes,
            Operators = graph.Cost.ByOperator.Select(sum => new { Operator = sum.Key, sum.Nodes, sum.MultiplyAdds, sum.Flops, sum.BytesMoved, sum.Parameters }),
            Scopes = graph.Cost.ByScope(2).Select(sum => new { Scope = sum.Key, sum.Nodes, sum.MultiplyAdds, sum.Flops, sum.BytesMoved, sum.Parameters, sum.PeakActivationBytes }),
            Nodes = nodes ? graph.Cost.Nodes : (object?)null,
        };
    }
}
