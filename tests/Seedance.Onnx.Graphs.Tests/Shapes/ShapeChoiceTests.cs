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

        Assert.Equal([1, 3, 64, 64], choice.Bindings.Inputs["pixels"]);
        Assert.Equal([1, 8], choice.Bindings.Inputs["ids"]);
        Assert.Equal([1, 8, 5], choice.Bindings.Inputs["nameless"]);
        Assert.Equal("batch = 1, height = 64, nameless[0] = 1, nameless[1] = 8, tokens = 8, width = 64", Describe(choice));
    }

    [Fact]
    public void For_AxesAndShapesAsked_TakesThemEverywhere()
    {
        ShapeChoice choice = ShapeChoice.For(Model(), ShapeBindings.None.WithAxis("tokens", 20).WithInput("pixels", 2, 3, 32, 48));

        Assert.Equal([2, 3, 32, 48], choice.Bindings.Inputs["pixels"]);
        Assert.Equal([2, 20], choice.Bindings.Inputs["ids"]);
        Assert.Equal("nameless[0] = 1, nameless[1] = 8", Describe(choice));
        Assert.Equal([2, 20, 7], ShapeInference.Run(Model(), choice.Bindings).Find("y")!.Lengths!.Value);
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
