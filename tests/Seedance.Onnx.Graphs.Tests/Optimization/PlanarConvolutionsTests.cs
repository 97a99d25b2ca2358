using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;

namespace Seedance.Onnx.Graphs.Tests.Optimization;

[Trait("Tier", "Graph")]
public sealed class PlanarConvolutionsTests
{
    private const string Axes = "B=2 F=5 H=4 W=6";

    [Theory]
    [InlineData("1 3 3", "1 1 1", "1 1 1", "0 1 1 0 1 1", 1)]
    [InlineData("1 3 3", "1 2 2", "1 1 1", "0 0 1 0 1 1", 2)]
    [InlineData("3 1 1", "1 1 1", "1 1 1", "0 0 0 0 0 0", 1)]
    [InlineData("3 1 1", "2 1 1", "1 1 1", "2 0 0 1 0 0", 2)]
    [InlineData("3 1 1", "1 1 1", "2 1 1", "0 0 0 0 0 0", 1)]
    public void Optimize_ConvolutionOfAVolume_RunsInPlanes(string kernel, string strides, string dilations, string pads, int groups)
    {
        OnnxModel model = Model(kernel, strides, dilations, pads, groups);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));

        Assert.Equal(2, Assert.Single(optimized.Graph.Nodes, node => node.OpType == "Conv").Ints("kernel_shape")!.Count);
    }

    [Fact]
    public void Optimize_PointwiseConvolution_IsAProduct()
    {
        OnnxModel model = Model("1 1 1", "1 1 1", "1 1 1", "0 0 0 0 0 0", 1);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));

        Assert.Equal(["Transpose", "MatMul", "Add", "Transpose"], optimized.Graph.Nodes.Select(node => node.OpType));
    }

    [Theory]
    [InlineData("3 3 3", "1 1 1", "0 1 1 0 1 1", 1)]
    [InlineData("3 3 3", "2 1 1", "0 1 1 0 1 1", 1)]
    [InlineData("3 3 3", "1 1 1", "1 1 1 1 1 1", 1)]
    [InlineData("3 3 3", "1 1 1", "0 1 1 0 1 1", 2)]
    [InlineData("1 1 1", "1 2 2", "0 0 0 0 0 0", 1)]
    public void Optimize_ConvolutionThatIsNoPlane_Stays(string kernel, string strides, string pads, int groups)
    {
        OnnxModel model = Model(kernel, strides, "1 1 1", pads, groups);

        GraphOptimizer.Optimize(model, new OptimizationOptions());

        Assert.Equal(["Conv"], model.Graph.Nodes.Select(node => node.OpType));
    }

    [Theory, InlineData(GraphTarget.Cuda), InlineData(GraphTarget.TensorRt), InlineData(GraphTarget.WebGpu)]
    public void Optimize_OtherTargets_KeepVolumes(GraphTarget target)
    {
        OnnxModel model = Model("1 3 3", "1 1 1", "1 1 1", "0 1 1 0 1 1", 1);

        GraphOptimizer.Optimize(model, new OptimizationOptions { Target = target });

        Assert.Equal(["Conv"], model.Graph.Nodes.Select(node => node.OpType));
    }

    /// <summary>A residual block as in a causal decoder: normalised channels, an activation, a spatial convolution, one over time with what was before, and the last frames handed on.</summary>
    [Fact]
    public void Optimize_ResidualBlock_StaysChannelsLast()
    {
        OnnxModel model = TinyModels.Build(
            g =>
            {
                g.Input("x", OnnxElementType.Float32, "B", 4, "F", "H", "W");
                g.Input("past", OnnxElementType.Float32, "B", 4, 2, "H", "W");
                string stem = Convolve(g, "x", 4, "1 3 3", "1 1 1", "1 1 1", "0 1 1 0 1 1", 1);
                string near = Convolve(g, Activate(g, Normalize(g, stem)), 4, "1 3 3", "1 1 1", "1 1 1", "0 1 1 0 1 1", 1);
                string seen = g.Add("Concat", ["past", Activate(g, near)], OnnxAttribute.Create("axis", 2));
                string sum = g.Add("Add", [stem, Convolve(g, seen, 4, "3 1 1", "1 1 1", "1 1 1", "0 0 0 0 0 0", 1)]);
                string last = g.Add("Slice", [seen, g.Integers(-2), g.Integers(long.MaxValue), g.Integers(2)]);
                g.Output(g.Rename(sum, "y"), OnnxElementType.Float32, "B", 4, "F", "H", "W");
                g.Output(g.Rename(last, "present"), OnnxElementType.Float32, "B", 4, 2, "H", "W");
            },
            opset: 18);

        OnnxModel optimized = PassAssert.SameOutputs(model, new OptimizationOptions(), PassAssert.Inputs(model, Axes));

        // Volumes are turned where they come in and go out: x, past, y, present.
        Assert.Equal(4, optimized.Graph.Nodes.Count(node => node.OpType == "Transpose" && node.Ints("perm")!.Count == 5));
    }

    private static string Normalize(GraphBuilder g, string value)
    {
        string last = g.Add("Transpose", [value], OnnxAttribute.Create("perm", (long[])[0, 2, 3, 4, 1]));
        string normalized = g.Add("LayerNormalization", [last, g.Constant<float>("scale", Numbers.Between(3, 4), 4)], OnnxAttribute.Create("axis", -1));
        return g.Add("Transpose", [normalized], OnnxAttribute.Create("perm", (long[])[0, 4, 1, 2, 3]));
    }

    private static string Activate(GraphBuilder g, string value) => g.Add("Mul", [value, g.Add("Sigmoid", [value])]);

    private static OnnxModel Model(string kernel, string strides, string dilations, string pads, int groups) => TinyModels.Build(
        g =>
        {
            g.Input("x", OnnxElementType.Float32, "B", 4, "F", "H", "W");
            g.Output(g.Rename(Convolve(g, "x", 6, kernel, strides, dilations, pads, groups), "y"), OnnxElementType.Float32, "B", 6, "F2", "H2", "W2");
        },
        opset: 18);

    private static string Convolve(GraphBuilder g, string value, int outputs, string kernel, string strides, string dilations, string pads, int groups)
    {
        long[] weight = [outputs, 4 / groups, .. Longs(kernel)];
        string weights = g.Constant<float>("weight", Numbers.Between(1, (int)weight.Aggregate(1L, (a, b) => a * b)), weight);
        return g.Add("Conv", [value, weights, g.Constant<float>("bias", Numbers.Between(2, outputs), outputs)], OnnxAttribute.Create("kernel_shape", Longs(kernel)),
            OnnxAttribute.Create("strides", Longs(strides)), OnnxAttribute.Create("dilations", Longs(dilations)), OnnxAttribute.Create("pads", Longs(pads)), OnnxAttribute.Create("group", groups));
    }

    private static long[] Longs(string text) => [.. text.Split(' ').Select(long.Parse)];
}
