using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Evaluation;

[Trait("Tier", "Graph")]
public sealed class NodeEvaluatorTests
{
    public static TheoryData<string> Names => [.. OperatorCases.Evaluated.Select(test => test.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Evaluate_AnyOperator_AgreesWithOnnxRuntime(string name)
    {
        OperatorCase test = OperatorCases.Evaluated.Single(test => test.Name == name);
        IReadOnlyDictionary<string, OnnxTensor> expected = OnnxRun.Run(test.Model(_ => false), test.Feeds(_ => false));

        HostArray[]? actual = NodeEvaluator.Evaluate(test.Node, [.. test.Inputs.Select(input => input is null ? null : HostArray.From(input))], test.Opset);

        Assert.NotNull(actual);
        for (int i = 0; i < test.Node.Outputs.Count; i++)
        {
            TensorAssert.Close(expected[$"out{i}"], actual[i].ToTensor(""), Tolerance.Fp32Accumulate(1));
        }
    }

    [Fact]
    public void Evaluate_NodeThatWouldFail_IsLeftAlone()
    {
        HostArray two = HostArray.FromInt64([1, 2], 2), zero = HostArray.FromInt64([0, 0], 2), three = HostArray.FromInt64([1, 2, 3], 3);

        Assert.Null(NodeEvaluator.Evaluate(Node("Div"), [two, zero], 18));
        Assert.Null(NodeEvaluator.Evaluate(Node("Mod"), [two, zero], 18));
        Assert.Null(NodeEvaluator.Evaluate(Node("Add"), [two, three], 18));
        Assert.Null(NodeEvaluator.Evaluate(Node("Gather"), [two, HostArray.FromInt64([5])], 18));
        Assert.Null(NodeEvaluator.Evaluate(Node("Reshape"), [two, three], 18));
        Assert.Null(NodeEvaluator.Evaluate(Node("Expand"), [two, HostArray.FromInt64([-3, 2], 2)], 18));
        Assert.Null(NodeEvaluator.Evaluate(Node("Nonsense"), [two, two], 18));
        Assert.Null(NodeEvaluator.Evaluate(Node("Add", "other.domain"), [two, two], 18));
    }

    [Fact]
    public void FromDoubles_BFloat16_RoundsToNearestEven()
    {
        double[] values = [1, 1.00390625, 1.01171875, -0.1, double.PositiveInfinity];

        double[] rounded = HostArray.FromDoubles(OnnxElementType.BFloat16, [5], values).ToDoubles();

        Assert.Equal([1, 1, 1.015625, -0.10009765625, double.PositiveInfinity], rounded);
    }

    private static OnnxNode Node(string op, string domain = "") => new(op, ["a", "b"], ["c"], "", domain);
}
