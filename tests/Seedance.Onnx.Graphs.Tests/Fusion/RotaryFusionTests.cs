using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Fusion;

[Trait("Tier", "Graph")]
public sealed class RotaryFusionTests
{
    private static readonly string[] Layouts = ["split", "slices", "rotate half"];

    public static TheoryData<string, string> Forms
    {
        get
        {
            TheoryData<string, string> forms = [];
            foreach (string layout in Layouts)
            {
                forms.Add(layout, "batch");
                forms.Add(layout, "one");
                forms.Add(layout, "table");
            }

            return forms;
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void Optimize_RotaryAsExportersWriteIt_MakesOneOperator(string layout, string angles)
    {
        OnnxModel model = Model(layout, angles);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(1, PassAssert.Count(optimized, "RotaryEmbedding"));
        Assert.Equal(0, PassAssert.Count(optimized, "Mul"));
    }

    [Fact]
    public void Optimize_AnglesThatDifferBetweenTheHalves_AreLeftAlone()
    {
        OnnxModel model = Model("rotate half", "batch", twice: false);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, "B=2 S=5"));

        Assert.Equal(0, PassAssert.Count(optimized, "RotaryEmbedding"));
    }

    [Fact]
    public void Optimize_TensorRt_LeavesRotaryInPieces()
    {
        OnnxModel model = Model("split", "batch");

        GraphOptimizer.Optimize(model, new OptimizationOptions { Target = GraphTarget.TensorRt });

        Assert.Equal(0, PassAssert.Count(model, "RotaryEmbedding"));
    }

    private static OnnxModel Model(string layout, string angles, bool twice = true) => TinyModels.Build(g =>
    {
        g.Input("x", OnnxElementType.Float32, "B", 3, "S", 8);
        OnnxDimension[] shape = angles switch { "batch" => ["B", 1, "S"], "one" => [1, 1, "S"], _ => ["S"] };
        bool doubled = layout == "rotate half";
        g.Input("angle", OnnxElementType.Float32, [.. shape, doubled && !twice ? 8 : 4]);
        string angle = doubled && twice ? g.Add("Concat", ["angle", "angle"], OnnxAttribute.Create("axis", -1)) : "angle";
        string cos = g.Add("Cos", [angle]), sin = g.Add("Sin", [angle]);
        string[] halves = layout == "split" ? g.Add("Split", ["x"], 2, "", OnnxAttribute.Create("axis", -1), OnnxAttribute.Create("num_outputs", 2))
            : [g.Add("Slice", ["x", g.Integers(0), g.Integers(4), g.Integers(3)]), g.Add("Slice", ["x", g.Integers(4), g.Integers(long.MaxValue), g.Integers(-1), g.Integers(1)])];
        string y = doubled
            ? g.Add("Add", [g.Add("Mul", ["x", cos]), g.Add("Mul", [g.Add("Concat", [g.Add("Neg", [halves[1]]), halves[0]], OnnxAttribute.Create("axis", -1)), sin])])
            : g.Add("Concat", [g.Add("Sub", [g.Add("Mul", [halves[0], cos]), g.Add("Mul", [halves[1], sin])]), g.Add("Add", [g.Add("Mul", [halves[0], sin]), g.Add("Mul", [halves[1], cos])])], OnnxAttribute.Create("axis", 3));
        g.Output(g.Rename(y, "y"), OnnxElementType.Float32, "B", 3, "S", 8);
    });
}
