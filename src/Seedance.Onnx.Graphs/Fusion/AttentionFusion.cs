using Seedance.Onnx.Graphs.Optimization;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>Makes one operator of attention, in the form that the target has.</summary>
internal sealed class AttentionFusion : IGraphPass
{
    public string Name => "attention";

    public int Run(GraphView graph)
    {
        int changes = 0;
        foreach (OnnxNode node in graph.Profile.Attention == AttentionForm.Decomposed ? [] : graph.EachNode())
        {
            if (AttentionMatch.Find(graph, node) is { } match && (graph.Profile.Attention == AttentionForm.Attention ? OnnxAttention.Emit(graph, node, match) : MicrosoftAttention.Emit(graph, node, match)))
            {
                changes++;
            }
        }

        return changes;
    }
}
