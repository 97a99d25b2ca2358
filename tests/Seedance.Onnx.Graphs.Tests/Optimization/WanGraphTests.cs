using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx.Graphs.Tests.Optimization;

/// <summary>The passes on the graphs of a tiny Wan 2.1: two blocks of the published architecture each.</summary>
[Trait("Tier", "Graph")]
public sealed class WanGraphTests(ITestOutputHelper output)
{
    private static readonly Tolerance Relative = new("the same formulas in another order, block after block", 1e-4, 1e-4);

    [Theory]
    [InlineData("wan-pack/transformer", "B=2 f=3 h=8 w=12 S=20")]
    [InlineData("wan-pack/text_encoder", "B=2 S=20")]
    [InlineData("wan-pack/vae_decoder", "B=1 f=2 h=4 w=6")]
    [InlineData("wan-pack/vae_encoder", "B=1 F=9 H=32 W=48")]
    [InlineData("wan-pack/tokenizer", "N=2")]
    [InlineData("wan-image-pack/transformer", "B=2 f=3 h=8 w=12 S=512 I=5")]
    [InlineData("wan-image-pack/image_encoder", "B=2 H=32 W=48")]
    public void Optimize_AnyTarget_KeepsOutputs(string graph, string axes)
    {
        OnnxModel model = Load(graph);
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

    /// <summary>
    /// A block of the transformer: two attentions, two rotated tensors, four norms of queries and keys, and three of tokens, besides one at the end; all but the first of
    /// these stand behind an addition, as those of the text encoder do. One that looks at images has another attention and another norm of keys in each block, and two norms
    /// around what it makes of their features.
    /// </summary>
    [Theory]
    [InlineData("wan-image-pack/transformer", "MultiHeadAttention 6, RotaryEmbedding 4, SimplifiedLayerNormalization 10, LayerNormalization 3, SkipLayerNormalization 6, FastGelu 3")]
    [InlineData("wan-image-pack/image_encoder", "MultiHeadAttention 2, LayerNormalization 2, SkipLayerNormalization 3")]
    [InlineData("wan-pack/transformer", "MultiHeadAttention 4, RotaryEmbedding 4, SimplifiedLayerNormalization 8, LayerNormalization 1, SkipLayerNormalization 6, FastGelu 3")]
    [InlineData("wan-pack/text_encoder", "MultiHeadAttention 2, SimplifiedLayerNormalization 1, SkipSimplifiedLayerNormalization 4, FastGelu 2")]
    [InlineData("wan-pack/vae_decoder", "MultiHeadAttention 1, SimplifiedLayerNormalization 22")]
    [InlineData("wan-pack/vae_encoder", "MultiHeadAttention 1, SimplifiedLayerNormalization 14")]
    public void Optimize_Cpu_FusesAllOfThem(string graph, string expected)
    {
        OnnxModel model = Load(graph);

        GraphOptimizer.Optimize(model, new OptimizationOptions { Without = ["row normalisations"] });

        string[] fused = [.. expected.Split(", ").Select(entry => entry.Split(' ')[0])];
        Assert.Equal(expected, string.Join(", ", fused.Select(op => $"{op} {PassAssert.Count(model, op)}")));
        Assert.Equal((0, 0), (PassAssert.Count(model, "Softmax"), PassAssert.Count(model, "ReduceMean")));
    }

    private static OnnxModel Load(string graph) => OnnxModel.Load(RepositoryFolder.PathOf("tests", "Shared", graph, "model.onnx"));
}
