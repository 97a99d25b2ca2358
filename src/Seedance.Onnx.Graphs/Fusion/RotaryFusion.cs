using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Makes com.microsoft.RotaryEmbedding of rotary positions, or, where there are row programs, a step of one. That operator looks its angles up by position; here each token of each batch gets a row of its own
/// in the table, so that angles may differ from batch to batch.
/// </summary>
internal sealed class RotaryFusion : IGraphPass
{
    public string Name => "rotary positions";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.RotaryEmbedding ? graph.EachNode() : [])
        {
            if (RotaryMatch.Find(graph, node) is { } match && Emit(graph, node, match))
            {
                changes++;
            }
        }

        return changes;
    }

    private static bool Emit(GraphView graph, OnnxNode node, RotaryMatch match)
    {
        if (graph.Shape(match.Input) is not [var batch, _, var tokens, { Length: { } size }] || size % 2 != 0 || graph.Shape(match.Cos) is not { } cos || !HasAngles(graph, match, size, tokens)
            || !graph.IsSingleOrHalf(match.Input))
        {
            return false;
        }

        if (graph.Profile.RowPrograms && (size / 2) % RowProgram.WidthUnit == 0)
        {
            Rewriting rotation = graph.Rewrite(node);
            rotation.End(RowProgram.RotateOperator, RowProgram.Domain, [match.Input, Half(rotation, match, match.Cos, size), Half(rotation, match, match.Sin, size)]);
            return true;
        }

        // Angles that may be those of one batch or of all: only the run tells, so that nothing is fused.
        bool perBatch = cos.Length == 4 && cos[0].Length != 1;
        if (perBatch && cos[0] != batch)
        {
            return false;
        }

        Rewriting rewriting = graph.Rewrite(node);
        string positions, cosTable = Table(rewriting, match, match.Cos, size), sinTable = Table(rewriting, match, match.Sin, size);
        if (perBatch)
        {
            // Row numbers 0 … B · S − 1, as [B, S].
            string rows = rewriting.Add("Squeeze", [rewriting.Add("Slice", [rewriting.Add("Shape", [cosTable]), rewriting.Integers(0), rewriting.Integers(1)])]);
            string lengths = rewriting.Add("Slice", [rewriting.Add("Shape", [match.Cos]), rewriting.Integers(0), rewriting.Integers(1)]);
            string range = rewriting.Add("Range", [graph.AddConstant<long>(node.Name, "first", [0]), rows, graph.AddConstant<long>(node.Name, "step", [1])]);
            positions = rewriting.Add("Reshape", [range, rewriting.Add("Concat", [lengths, rewriting.Integers(-1)], OnnxAttribute.Create("axis", 0))]);
        }
        else
        {
            positions = rewriting.Integers(0);
        }

        rewriting.End("RotaryEmbedding", OpsetImports.Microsoft, [match.Input, positions, cosTable, sinTable], OnnxAttribute.Create("interleaved", 0));
        return true;
    }

    /// <summary>Whether cosines and sines are [B or 1, 1, S, d/2] or [S, d/2], or twice as wide where they are written twice.</summary>
    private static bool HasAngles(GraphView graph, RotaryMatch match, long size, OnnxDimension tokens) =>
        graph.Shape(match.Cos) is { Length: 2 or 4 } cos && graph.SameShape(match.Cos, match.Sin) && cos[^1].Length == (match.IsDoubled ? size : size / 2) && cos[^2] == tokens
        && (cos.Length == 2 || cos[1].Length == 1);

    private static string Table(Rewriting nodes, RotaryMatch match, string angles, long size) => nodes.Add("Reshape", [Half(nodes, match, angles, size), nodes.Integers(-1, size / 2)]);

    private static string Half(Rewriting nodes, RotaryMatch match, string angles, long size) =>
        match.IsDoubled ? nodes.Add("Slice", [angles, nodes.Integers(0), nodes.Integers(size / 2), nodes.Integers(-1)]) : angles;
}
