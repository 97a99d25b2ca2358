using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>A residual addition and the normalisation behind it; the sum is still there for the next addition.</summary>
internal sealed class SkipNormalizationFusion : IGraphPass
{
    public string Name => "skip normalisations";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.SkipNormalization ? graph.EachNode() : [])
        {
            if (GraphView.Is(node, "LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization") && Fuse(graph, node))
            {
                changes++;
            }
        }

        return changes;
    }

    private static bool Fuse(GraphView graph, OnnxNode node)
    {
        string sum = node.Inputs[0];
        long axis = node.Int("axis", -1);
        if (graph.Maker(sum, "Add") is not { } add || graph.Rank(sum) is not (2 or 3) || (axis != -1 && axis + 1 != graph.Rank(sum))
            || node.Outputs.Skip(1).Any(output => output.Length > 0) || graph.Constant(node.Inputs[1]) is not { Dimensions.Length: 1 }
            || !graph.IsSingleOrHalf(sum) || !graph.SameShape(add.Inputs[0], add.Inputs[1]))
        {
            return false;
        }

        // Both sides must be as wide as what is normalised: a bias is no skip.
        bool centred = node.OpType == "LayerNormalization";
        bool shared = graph.IsSeenOutside(sum) || graph.Readers(sum).Count > 1;
        string[] outputs = shared ? [node.Outputs[0], "", "", sum] : [node.Outputs[0]];
        string[] inputs = centred && node.Input(2).Length > 0 ? [add.Inputs[0], add.Inputs[1], node.Inputs[1], node.Inputs[2]] : [add.Inputs[0], add.Inputs[1], node.Inputs[1]];
        graph.Replace(add, []);
        graph.Rewrite(node).End(centred ? "SkipLayerNormalization" : "SkipSimplifiedLayerNormalization", OpsetImports.Microsoft, inputs, outputs,
            OnnxAttribute.Create("epsilon", node.Float("epsilon", 1e-5f)));
        return true;
    }
}
