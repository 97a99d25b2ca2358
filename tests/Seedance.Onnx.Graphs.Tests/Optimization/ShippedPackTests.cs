using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx.Graphs.Tests.Optimization;

[Trait("Tier", "Model")]
public sealed class ShippedPackTests(ITestOutputHelper output)
{
    /// <summary>Through a dozen blocks: what the issue asks for.</summary>
    private static readonly Tolerance Relative = new("the same formulas in another order, block after block", 1e-4, 1e-4);

    [SkippableTheory]
    [InlineData("transformer", "B=2 f=3 h=8 w=12 S=20")]
    [InlineData("text_encoder", "B=2 S=20")]
    [InlineData("vae_decoder", "B=1 f=3 h=4 w=6")]
    [InlineData("vae_encoder", "B=1 F=5 H=32 W=48")]
    [InlineData("tokenizer", "N=2")]
    public void Optimize_AnyTarget_KeepsOutputs(string graph, string axes)
    {
        OnnxModel model = ShippedPack.Load(graph);
        Dictionary<string, OnnxTensor> inputs = PassAssert.Inputs(model, axes);
        foreach (GraphTarget target in Enum.GetValues<GraphTarget>())
        {
            OnnxModel optimized = model.Copy();
            OptimizationReport report = GraphOptimizer.Optimize(optimized, new OptimizationOptions { Target = target });
            output.WriteLine($"{target}: {report.NodesBefore} -> {report.NodesAfter} nodes; {string.Join(", ", report.Passes.Where(pass => pass.Changes > 0).Select(pass => $"{pass.Pass} {pass.Changes}"))}");
            output.WriteLine(string.Join(", ", optimized.Graph.AllNodes.CountBy(node => node.OpType).OrderByDescending(entry => entry.Value).Select(entry => $"{entry.Key} {entry.Value}")));

            PassAssert.Same(model, optimized, inputs, Relative);
        }
    }

    [SkippableTheory]
    [InlineData("transformer")]
    [InlineData("text_encoder")]
    public void Optimize_Cpu_FusesAllAttention(string graph)
    {
        OnnxModel model = ShippedPack.Load(graph);
        int attentions = PassAssert.Count(model, "Softmax");

        GraphOptimizer.Optimize(model, new OptimizationOptions());

        Assert.Equal(0, PassAssert.Count(model, "Softmax"));
        Assert.Equal(attentions, PassAssert.Count(model, "MultiHeadAttention"));
    }
}
