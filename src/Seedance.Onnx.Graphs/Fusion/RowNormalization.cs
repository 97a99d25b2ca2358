using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>
/// Layer normalisation of the last axis as com.microsoft.SkipLayerNormalization of rows with nothing to skip: the processor's kernel of that one is several times as fast as that of
/// LayerNormalization. Comes after <see cref="SkipNormalizationFusion"/>, which has something to skip.
/// </summary>
internal sealed class RowNormalization : IGraphPass
{
    public string Name => "row normalisations";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.RowNormalization ? graph.EachNode() : [])
        {
            if (GraphView.Is(node, "LayerNormalization") && graph.Rank(node.Inputs[0]) is { } rank && node.Int("axis", -1) is var axis && (axis == -1 || axis == rank - 1)
                && graph.Shapes.Find(node.Inputs[0])?.ElementType == OnnxElementType.Float32 && graph.Length(node.Inputs[0], -1) is { } width
                && IsVector(graph, node.Inputs[1], width) && (node.Input(2).Length == 0 || IsVector(graph, node.Inputs[2], width)) && node.Outputs.Skip(1).All(string.IsNullOrEmpty))
            {
                Rewrite(graph, node, width);
                changes++;
            }
        }

        return changes;
    }

    private static void Rewrite(GraphView graph, OnnxNode node, long width)
    {
        Rewriting rewriting = graph.Rewrite(node);
        string rows = rewriting.Add("Reshape", [node.Inputs[0], rewriting.Integers(-1, 1, width)]);
        string nothing = graph.AddConstant<float>(node.Name, "nothing", new float[width], 1, 1, width);
        string normalized = rewriting.Add("SkipLayerNormalization", OpsetImports.Microsoft, [rows, nothing, .. node.Inputs.Skip(1)], OnnxAttribute.Create("epsilon", node.Float("epsilon", 1e-5f)));
        rewriting.End("Reshape", "", [normalized, rewriting.Add("Shape", [node.Inputs[0]])]);
    }

    private static bool IsVector(GraphView graph, string value, long width) => graph.Rank(value) == 1 && graph.Length(value, 0) == width;
}
