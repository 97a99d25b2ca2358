using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Runs models before and after a rewriting.</summary>
internal static class PassAssert
{
    /// <summary>What every pass must keep to.</summary>
    public static Tolerance Rewritten { get; } = new("the same formula in another order", 1e-5, 1e-4);

    /// <summary>Optimises a copy, checks that its outputs are those of the model, and returns it.</summary>
    public static OnnxModel SameOutputs(OnnxModel model, OptimizationOptions options, IReadOnlyDictionary<string, OnnxTensor> inputs, Tolerance? tolerance = null)
    {
        OnnxModel optimized = model.Copy();
        GraphOptimizer.Optimize(optimized, options);
        Same(model, optimized, inputs, tolerance);
        return optimized;
    }

    /// <summary>Checks that two models make the same of the same.</summary>
    public static void Same(OnnxModel expected, OnnxModel actual, IReadOnlyDictionary<string, OnnxTensor> inputs, Tolerance? tolerance = null)
    {
        IReadOnlyDictionary<string, OnnxTensor> before = OnnxRun.Run(expected, inputs), after = OnnxRun.Run(actual, inputs);
        Assert.Equal(before.Keys, after.Keys);
        foreach ((string name, OnnxTensor value) in before)
        {
            TensorAssert.Close(value, after[name], tolerance ?? Rewritten);
        }
    }

    /// <summary>Numbers between −1 and 1 (whole numbers from 0 to 2, and true) for all inputs of a model.</summary>
    public static Dictionary<string, OnnxTensor> Inputs(OnnxModel model, string axes = "")
    {
        ShapeBindings bindings = axes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(axis => axis.Split('=')).Aggregate(ShapeBindings.None, (all, axis) => all.WithAxis(axis[0], long.Parse(axis[1])));
        GraphShapes shapes = ShapeInference.Run(model, bindings);
        int seed = 40;
        return model.Graph.RequiredInputs.ToDictionary(input => input.Name, input => Tensor(shapes.Find(input.Name)!, seed++), StringComparer.Ordinal);
    }

    /// <summary>How many nodes of an operator there are, domains aside.</summary>
    public static int Count(OnnxModel model, string op) => model.Graph.AllNodes.Count(node => node.OpType == op);

    private static OnnxTensor Tensor(InferredValue value, int seed)
    {
        long[] dims = [.. value.Lengths ?? throw new InvalidOperationException($"Axes of {value} must be known.")];
        long count = value.ElementCount!.Value;
        float[] numbers = Numbers.Between(seed, count);
        return value.ElementType switch
        {
            OnnxElementType.Float32 => OnnxTensor.Create<float>("", numbers, dims),
            OnnxElementType.Float16 => OnnxTensor.Create<Half>("", Array.ConvertAll(numbers, number => (Half)number), dims),
            OnnxElementType.Int64 => OnnxTensor.Create<long>("", Array.ConvertAll(numbers, number => (long)((number + 1) * 1.5)), dims),
            OnnxElementType.Int32 => OnnxTensor.Create<int>("", Array.ConvertAll(numbers, number => (int)((number + 1) * 1.5)), dims),
            OnnxElementType.Bool => OnnxTensor.Create<bool>("", Array.ConvertAll(numbers, _ => true), dims),
            OnnxElementType.Text => OnnxTensor.FromText("", [.. Enumerable.Range(0, (int)count).Select(i => $"a red ball number {i}")], dims),
            _ => throw new NotSupportedException(value.ElementType.ToName()),
        };
    }
}
