using Seedance.Onnx.Graphs.Inspection;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Inspection;

[Trait("Tier", "Unit")]
public sealed class GraphSummaryTests
{
    [Fact]
    public void Of_Linear_TellsInterfaceOperatorsAndSizes()
    {
        GraphSummary summary = GraphSummary.Of(TinyModels.Linear());

        ValueSummary input = Assert.Single(summary.Inputs);
        Assert.Equal(("x", "float32"), (input.Name, input.Type));
        Assert.Equal<string>(["N", "64"], input.Shape!.Value);
        Assert.Equal(["Add", "Identity", "MatMul"], summary.Operators.Select(entry => entry.Key));
        Assert.Equal<InitializerSummary>([new InitializerSummary("float32", 2, (64 * 128) + 128, 4 * ((64 * 128) + 128))], summary.Initializers);
        Assert.Equal((64 * 128) + 128, summary.Parameters);
        Assert.Equal(18, summary.Opsets["ai.onnx"]);
        Assert.Empty(summary.ExternalFiles);
    }

    [Fact]
    public void Of_OtherDomainsAndInnerGraphs_AreCounted()
    {
        OnnxModel model = TinyModels.Branch();
        model.Opsets.Set("their.domain", 3);
        model.Opsets.Set("com.microsoft", 1);
        model.Graph.Nodes.Add(new OnnxNode("Thing", ["x"], ["a"], "", "their.domain"));
        model.Graph.Nodes.Add(new OnnxNode("FastGelu", ["x"], ["b"], "", "com.microsoft"));

        GraphSummary summary = GraphSummary.Of(model);

        Assert.Equal(5, summary.Nodes);
        Assert.Equal<string>(["their.domain"], summary.UnknownDomains);
        Assert.Contains(new KeyValuePair<string, int>("com.microsoft.FastGelu", 1), summary.Operators);
        Assert.Contains(new KeyValuePair<string, int>("Neg", 1), summary.Operators);
    }

    [Fact]
    public void Of_ExternalData_NamesTheFile()
    {
        using TemporaryFolder folder = new();
        TinyModels.Linear().Save(folder.PathOf("m.onnx"), new OnnxWriteOptions { InlineLimitBytes = 0 });

        GraphSummary summary = GraphSummary.Of(OnnxModel.Load(folder.PathOf("m.onnx")));

        Assert.Equal<string>(["m.onnx.data"], summary.ExternalFiles);
        Assert.Equal(4 * ((64 * 128) + 128), summary.InitializerBytes);
    }
}
