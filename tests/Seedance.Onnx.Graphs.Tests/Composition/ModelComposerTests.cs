using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Composition;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Composition;

[Trait("Tier", "Graph")]
public sealed class ModelComposerTests
{
    [Fact]
    public void Add_TwoParts_RunAsOne()
    {
        ModelComposer composer = new("both", 18);
        ImmutableDictionary<string, string> first = composer.Add(Layer("in", "out", seed: 1), "first", ImmutableDictionary<string, string>.Empty);
        ImmutableDictionary<string, string> second = composer.Add(Layer("in", "out", seed: 2), "second", new Dictionary<string, string>(StringComparer.Ordinal) { ["in"] = first["out"] });
        composer.Output(second["out"], "y");
        OnnxModel both = composer.Finish();
        Dictionary<string, OnnxTensor> inputs = new(StringComparer.Ordinal) { ["in"] = Numbers.Tensor(3, 5, 8) };

        OnnxTensor actual = OnnxRun.Run(both, inputs)["y"];

        OnnxTensor between = OnnxRun.Run(Layer("in", "out", seed: 1), inputs)["out"];
        OnnxTensor expected = OnnxRun.Run(Layer("in", "out", seed: 2), new Dictionary<string, OnnxTensor>(StringComparer.Ordinal) { ["in"] = between })["out"];
        TensorAssert.Close(expected, actual, PassAssert.Rewritten);
        Assert.All(both.Graph.Nodes.Take(2), node => Assert.StartsWith("/first/", node.Name, StringComparison.Ordinal));
    }

    [Fact]
    public void Finish_EqualInitializersOfTwoParts_AreShared()
    {
        ModelComposer composer = new("both", 18);
        string between = composer.Add(Layer("in", "out", seed: 1), "first", ImmutableDictionary<string, string>.Empty)["out"];
        composer.Output(composer.Add(Layer("in", "out", seed: 1), "second", new Dictionary<string, string>(StringComparer.Ordinal) { ["in"] = between })["out"], "y");

        Assert.Equal(2, composer.Finish().Graph.Initializers.Count);
    }

    [Fact]
    public void Add_SidesThatDoNotFit_AreBothNamed()
    {
        ModelComposer composer = new("both", 18);
        ImmutableDictionary<string, string> first = composer.Add(Layer("in", "out", seed: 1), "first", ImmutableDictionary<string, string>.Empty);
        OnnxModel wide = TinyModels.Build(g => g.Output(g.Add("Neg", [g.Input("x", OnnxElementType.Float32, "N", 9)]), OnnxElementType.Float32, "N", 9));
        OnnxModel whole = TinyModels.Build(g => g.Output(g.Add("Neg", [g.Input("x", OnnxElementType.Int64, "N", 8)]), OnnxElementType.Int64, "N", 8));
        OnnxModel flat = TinyModels.Build(g => g.Output(g.Add("Neg", [g.Input("x", OnnxElementType.Float32, 8)]), OnnxElementType.Float32, 8));

        string Message(OnnxModel part, string input) =>
            Assert.Throws<ModelFileException>(() => composer.Add(part, "second", new Dictionary<string, string>(StringComparer.Ordinal) { [input] = first["out"] })).Message;

        Assert.Contains("Input 'x' of 'second' must fit output 'out' of 'first', but the shapes differ: the input is float32 [N, 9], and output 'out' of 'first' is float32 [N, 8]", Message(wide, "x"), StringComparison.Ordinal);
        Assert.Contains("the types differ: the input is int64 [N, 8]", Message(whole, "x"), StringComparison.Ordinal);
        Assert.Contains("the numbers of axes differ", Message(flat, "x"), StringComparison.Ordinal);
        Assert.Contains("Input 'z' of 'second' must exist", Message(wide, "z"), StringComparison.Ordinal);
    }

    [Fact]
    public void Add_InputsOfTheSameName_MustBeConnected()
    {
        ModelComposer composer = new("both", 18);
        composer.Add(Layer("in", "out", seed: 1), "first", ImmutableDictionary<string, string>.Empty);

        ModelFileException error = Assert.Throws<ModelFileException>(() => composer.Add(Layer("in", "out", seed: 2), "second", ImmutableDictionary<string, string>.Empty));

        Assert.Contains("input 'in' of 'second' must be connected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_OlderPart_IsRaised()
    {
        OnnxModel old = TinyModels.Build(
            g =>
            {
                g.Input("x", OnnxElementType.Float32, "N", 8);
                string[] parts = g.Add("Split", [g.Add("Mul", ["x", g.Add("ReduceMax", ["x"], OnnxAttribute.Create("axes", [1]))])], 2, "", OnnxAttribute.Create("axis", 1));
                g.Output(g.Rename(g.Add("Sub", [parts[0], parts[1]]), "y"), OnnxElementType.Float32, "N", 4);
            },
            opset: 13);
        ModelComposer composer = new("new", 21);
        composer.Output(composer.Add(old, "old", ImmutableDictionary<string, string>.Empty)["y"], "y");
        OnnxModel raised = composer.Finish();

        Assert.Equal(21, raised.Opsets.Version);
        PassAssert.Same(old, raised, PassAssert.Inputs(old, "N=3"));
    }

    [Theory]
    [InlineData(12, "Export it with opset 18")]
    [InlineData(19, "Export it with opset 18")]
    public void Add_PartThatCannotBeRaised_IsRefused(long opset, string advice)
    {
        OnnxModel part = TinyModels.Build(g => g.Output(g.Add("Neg", [g.Input("x", OnnxElementType.Float32, 1)]), OnnxElementType.Float32, 1), opset);

        ModelFileException error = Assert.Throws<ModelFileException>(() => new ModelComposer("c", 18).Add(part, "p", ImmutableDictionary<string, string>.Empty));

        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_InnerGraphs_AreRenamedAsWell()
    {
        ModelComposer composer = new("c", 18);
        OnnxModel branch = TinyModels.Branch();
        string y = composer.Add(branch, "branch", ImmutableDictionary<string, string>.Empty)[branch.Graph.Outputs[0].Name];
        composer.Output(y, "y");
        Dictionary<string, OnnxTensor> inputs = new(StringComparer.Ordinal) { ["x"] = Numbers.Tensor(1, 3), ["flag"] = OnnxTensor.Create<bool>("", [false]) };

        OnnxTensor actual = OnnxRun.Run(composer.Finish(), inputs)["y"];

        TensorAssert.Close(OnnxRun.Run(branch, inputs).Values.Single(), actual, PassAssert.Rewritten);
    }

    private static OnnxModel Layer(string input, string output, int seed) => TinyModels.Build(g =>
    {
        g.Input(input, OnnxElementType.Float32, "N", 8);
        string product = g.Add("MatMul", [input, g.Constant<float>("w", Numbers.Between(seed, 64), 8, 8)]);
        g.Output(g.Rename(g.Add("Add", [product, g.Constant<float>("b", Numbers.Between(seed + 10, 8), 8)]), output), OnnxElementType.Float32, "N", 8);
    });
}
