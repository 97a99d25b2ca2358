using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Shapes;

[Trait("Tier", "Unit")]
public sealed class ShapeChoiceTests
{
    [Fact]
    public void For_NothingAsked_AssumesSmallLengthsByName()
    {
        ShapeChoice choice = ShapeChoice.For(Model());

        Assert.Equal<long>([1, 3, 64, 64], choice.Bindings.Inputs["pixels"]);
        Assert.Equal<long>([1, 8], choice.Bindings.Inputs["ids"]);
        Assert.Equal<long>([1, 8, 5], choice.Bindings.Inputs["nameless"]);
        Assert.Equal("batch = 1, height = 64, nameless[0] = 1, nameless[1] = 8, tokens = 8, width = 64", Describe(choice));
    }

    [Fact]
    public void For_NamesThatSayNothing_GoesByThePlace()
    {
        OnnxModel model = TinyModels.Build(graph =>
        {
            graph.Input("picture", OnnxElementType.Float32, "d0", 3, "d2", OnnxDimension.Unknown);
            graph.Input("volume", OnnxElementType.Float32, "d0", 16, "d4", "d4");
            graph.Input("steps", OnnxElementType.Float32, "sequence", "d6");
            graph.Input("list", OnnxElementType.Float32, "d7");
        });

        ShapeBindings bindings = ShapeChoice.For(model).Bindings;

        Assert.Equal<long>([1, 3, 64, 64], bindings.Inputs["picture"]);
        Assert.Equal<long>([1, 16, 8, 8], bindings.Inputs["volume"]);
        Assert.Equal<long>([8, 8], bindings.Inputs["steps"]);
        Assert.Equal<long>([8], bindings.Inputs["list"]);
    }

    [Fact]
    public void For_AxesAndShapesAsked_TakesThemEverywhere()
    {
        ShapeChoice choice = ShapeChoice.For(Model(), ShapeBindings.None.WithAxis("tokens", 20).WithInput("pixels", 2, 3, 32, 48));

        Assert.Equal<long>([2, 3, 32, 48], choice.Bindings.Inputs["pixels"]);
        Assert.Equal<long>([2, 20], choice.Bindings.Inputs["ids"]);
        Assert.Equal("nameless[0] = 1, nameless[1] = 8", Describe(choice));
        Assert.Equal<long>([2, 20, 7], ShapeInference.Run(Model(), choice.Bindings).Find("y")!.Lengths!.Value);
    }

    [Fact]
    public void FindProblems_AxesAndShapesThatDoNotFit_AreAllNamed()
    {
        IReadOnlyList<string> problems = ShapeChoice.FindProblems(Model(), ShapeBindings.None.WithAxis("time", 2).WithInput("ids", 1).WithInput("mask", 1));

        Assert.Equal(3, problems.Count);
        Assert.Contains(problems, problem => problem.Contains("Input 'ids' must be int64 [batch, tokens]", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("Input 'mask' must be one of pixels, ids, nameless", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("Axis 'time' must be one of batch, height, width, tokens", StringComparison.Ordinal));
    }

    private static string Describe(ShapeChoice choice) => string.Join(", ", choice.Assumed.Select(axis => $"{axis.Key} = {axis.Value}"));

    private static OnnxModel Model() => TinyModels.Build(graph =>
    {
        graph.Input("pixels", OnnxElementType.Float32, "batch", 3, "height", "width");
        graph.Input("ids", OnnxElementType.Int64, "batch", "tokens");
        graph.Input("nameless", OnnxElementType.Float32, OnnxDimension.Unknown, OnnxDimension.Unknown, 5);
        string table = graph.Constant<float>("table", Numbers.Between(1, 7 * 7), 7, 7);
        graph.Output(graph.Rename(graph.Add("Gather", [table, "ids"]), "y"), OnnxElementType.Float32, "batch", "tokens", 7);
    });
}
