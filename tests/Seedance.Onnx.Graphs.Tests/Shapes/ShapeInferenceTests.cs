using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Shapes;

[Trait("Tier", "Graph")]
public sealed class ShapeInferenceTests
{
    public static TheoryData<string> Names => [.. OperatorCases.Evaluated.Concat(OperatorCases.Shaped).Select(test => test.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Run_ShapesOfInputsKnown_AgreesWithOnnxRuntime(string name)
    {
        OperatorCase test = OperatorCases.Evaluated.Concat(OperatorCases.Shaped).Single(test => test.Name == name);
        // What stands behind the first input is mostly axes, lengths and the like: those a model knows.
        bool Constant(int input) => input > 0;
        OnnxModel model = test.Model(Constant);
        Dictionary<string, OnnxTensor> feeds = test.Feeds(Constant);
        ShapeBindings bindings = feeds.Aggregate(ShapeBindings.None, (all, feed) => all.WithInput(feed.Key, feed.Value.Dimensions.AsSpan()));
        // Range and ConstantOfShape make what their first input's value says.
        bindings = name is "Range" or "ConstantOfShape" ? bindings with { Values = feeds.ToImmutableDictionary() } : bindings;

        GraphShapes shapes = ShapeInference.Run(model, bindings);

        foreach ((string output, OnnxTensor expected) in OnnxRun.Run(model, feeds))
        {
            InferredValue? actual = shapes.Find(output);
            Assert.NotNull(actual);
            Assert.Equal(expected.ElementType, actual.ElementType);
            Assert.Equal<long>(expected.Dimensions, actual.Lengths!.Value);
        }
    }

    [Theory]
    [InlineData("transformer", "B=2 f=3 h=4 w=6 S=5")]
    [InlineData("vae_decoder", "B=1 f=3 h=4 w=6")]
    [InlineData("text_encoder", "B=2 S=7 N=2")]
    public void Run_GraphOfATinyPack_AgreesWithOnnxRuntime(string graph, string axes)
    {
        OnnxModel model = OnnxModel.Load(RepositoryFolder.PathOf("tests", "Shared", "tiny-pack", graph, "model.onnx"));
        ShapeBindings bindings = axes.Split(' ').Select(axis => axis.Split('=')).Aggregate(ShapeBindings.None, (all, axis) => all.WithAxis(axis[0], long.Parse(axis[1])));

        GraphShapes shapes = ShapeInference.Run(model, bindings);

        Dictionary<string, OnnxTensor> feeds = model.Graph.RequiredInputs.ToDictionary(input => input.Name, input => Zeros(shapes.Find(input.Name)!), StringComparer.Ordinal);
        foreach ((string output, OnnxTensor expected) in OnnxRun.Run(model, feeds))
        {
            Assert.Equal<long>(expected.Dimensions, shapes.Find(output)!.Lengths!.Value);
        }
    }

    [Fact]
    public void Run_FreeAxes_FollowsThemThroughShapeArithmetic()
    {
        // Heads are split and merged as exporters write it: Shape, Gather, Unsqueeze, Concat, Reshape.
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "B", "S", 64);
            string shape = graph.Add("Shape", ["x"]);
            string Length(long axis) => graph.Add("Unsqueeze", [graph.Add("Gather", [shape, graph.Constant<long>("index", [axis])]), graph.Integers(0)]);
            string heads = graph.Add("Reshape", ["x", graph.Add("Concat", [Length(0), Length(1), graph.Integers(4), graph.Integers(-1)], OnnxAttribute.Create("axis", 0))]);
            graph.Rename(graph.Add("Transpose", [heads], OnnxAttribute.Create("perm", [0, 2, 1, 3])), "heads");
            string doubled = graph.Add("Mul", [Length(1), graph.Integers(2)]);
            graph.Rename(graph.Add("Expand", [graph.Number(1), graph.Add("Concat", [Length(0), doubled], OnnxAttribute.Create("axis", 0))]), "pairs");
            graph.Rename(graph.Add("Cast", [graph.Add("Slice", [shape, graph.Integers(-1), graph.Integers(long.MaxValue)])], OnnxAttribute.Create("to", 1)), "width");
        });

        GraphShapes free = ShapeInference.Run(model);
        GraphShapes bound = ShapeInference.Run(model, ShapeBindings.None.WithInput("x", 2, 5, 64));

        Assert.Equal<OnnxDimension>(["B", 4, "S", 16], free.Find("heads")!.Shape!.Value);
        Assert.Equal("B", free.Find("pairs")!.Shape!.Value[0]);
        Assert.Null(free.Find("pairs")!.Shape!.Value[1].Length);
        Assert.Equal([64.0], free.Find("width")!.Known!.ToDoubles());
        Assert.Equal<long>([2, 4, 5, 16], bound.Find("heads")!.Lengths!.Value);
        Assert.Equal<long>([2, 10], bound.Find("pairs")!.Lengths!.Value);
    }

    [Fact]
    public void Run_ExpandAsExportersWriteIt_KeepsNames()
    {
        // Where(Equal(shape, −1), ones, shape): a length is never −1.
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, "B", 1, 8);
            graph.Input("like", OnnxElementType.Float32, "B", "S");
            string sizes = graph.Add("Concat", [graph.Add("Shape", ["like"]), graph.Integers(-1)], OnnxAttribute.Create("axis", 0));
            string ones = graph.Add("ConstantOfShape", [graph.Add("Shape", [sizes])], OnnxAttribute.Create("value", OnnxTensor.Create<long>("", [1], 1)));
            string picked = graph.Add("Where", [graph.Add("Equal", [sizes, graph.Add("Mul", [ones, graph.Constant<long>("minus", [-1])])]), ones, sizes]);
            graph.Rename(graph.Add("Expand", ["x", picked]), "y");
        });

        GraphShapes shapes = ShapeInference.Run(model);

        Assert.Equal<OnnxDimension>(["B", "S", 8], shapes.Find("y")!.Shape!.Value);
    }

    [Fact]
    public void Run_InnerGraphs_AreInferred()
    {
        OnnxModel model = TinyModels.Branch();

        GraphShapes shapes = ShapeInference.Run(model, ShapeBindings.None.WithInput("x", 3));

        Assert.Equal<long>([3], shapes.Find(model.Graph.Outputs[0].Name)!.Lengths!.Value);
        Assert.Equal<long>([3], shapes.Inside(model.Graph.Nodes[0].Subgraphs.First())!.Find("/Identity/Identity/output_0")!.Lengths!.Value);
    }

    [Fact]
    public void Run_ShapeThatDoesNotFit_IsRefused()
    {
        OnnxModel model = TinyModels.Linear();

        ModelFileException error = Assert.Throws<ModelFileException>(() => ShapeInference.Run(model, ShapeBindings.None.WithInput("x", 2, 63).WithInput("z", 1)));

        Assert.Equal(2, error.Problems.Count);
        Assert.Contains("Input 'x' must be float32 [N, 64], but is bound to [2, 63]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_EqualNamesBoundToOtherLengths_IsRefused()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("a", OnnxElementType.Float32, "B");
            graph.Input("b", OnnxElementType.Float32, "B");
        });

        Assert.Throws<ModelFileException>(() => ShapeInference.Run(model, ShapeBindings.None.WithInput("a", 2).WithInput("b", 3)));
        Assert.Equal<long>([2], ShapeInference.Run(model, ShapeBindings.None.WithInput("a", 2)).Find("b")!.Lengths!.Value);
    }

    [Fact]
    public void Run_UnknownOperator_LeavesItsValueUnknown()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("x", OnnxElementType.Float32, 2);
            graph.Rename(graph.Add("Thing", ["x"], 1, "their.domain")[0], "y");
        });

        Assert.Null(ShapeInference.Run(model).Find("y")?.Shape);
    }

    private static OnnxTensor Zeros(InferredValue value) => value.ElementType == OnnxElementType.Text
        ? OnnxTensor.FromText("", [.. Enumerable.Repeat("", (int)value.ElementCount!.Value)], value.Lengths!.Value.AsSpan())
        : OnnxTensor.FromBytes("", value.ElementType, new byte[value.ByteCount!.Value], value.Lengths!.Value.AsSpan());
}
