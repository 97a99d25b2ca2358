using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests;

[Trait("Tier", "Graph")]
public sealed class FunctionInliningTests
{
    [Fact]
    public void Inline_NestedCallsAndAttributes_ComputesTheSame()
    {
        OnnxModel model = Functions.Model();
        Dictionary<string, OnnxTensor> inputs = new(StringComparer.Ordinal) { ["x"] = OnnxTensor.Create<float>("", [1, 2], 2) };

        OnnxModel inlined = FunctionInlining.Inline(model);

        Assert.Empty(inlined.Functions);
        Assert.Single(model.Functions);
        Assert.Equal([10f, 16f], OnnxRun.Run(model, inputs)["y"].ToArray<float>());
        Assert.Equal([10f, 16f], OnnxRun.Run(inlined, inputs)["y"].ToArray<float>());
    }

    [Fact]
    public void Inline_FunctionThatCallsItself_IsRefused()
    {
        OnnxModel model = Functions.Model();
        model.Functions[0].Nodes.Add(new OnnxNode("Scale", ["scaled"], ["again"], "", "own"));

        Assert.Throws<ModelFileException>(() => FunctionInlining.Inline(model));
    }
}
