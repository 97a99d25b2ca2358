using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>Writes the row program of some nodes, and puts it in their place.</summary>
/// <param name="graph">The graph.</param>
/// <param name="nodes">The nodes, each after those whose values it reads.</param>
internal sealed class RowWriter(GraphView graph, IEnumerable<OnnxNode> nodes)
{
    private readonly List<OnnxNode> _nodes = [.. nodes];
    private readonly List<RowStep> _steps = [];
    private readonly List<string> _inputs = [];
    private readonly List<string> _outputs = [];
    private readonly Dictionary<string, RowValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Value, string View), RowValue> _reads = [];
    private readonly ImmutableDictionary<int, RowView>.Builder _views = ImmutableDictionary.CreateBuilder<int, RowView>();
    private int _temporaries;

    public void Write()
    {
        foreach (OnnxNode node in _nodes)
        {
            string output = node.Outputs[0];
            bool leaves = graph.IsSeenOutside(output) || !graph.Readers(output).All(_nodes.Contains);
            RowValue target = leaves ? new RowValue(RowValueKind.Output, _outputs.Count) : Temporary();
            if (leaves)
            {
                _outputs.Add(output);
            }

            Write(node, target);
            _values[output] = target;
        }

        End(_nodes);
    }

    /// <summary>Writes a program that only copies a value from where its rows lie, and puts it in the place of the node that makes it.</summary>
    public static void Copy(GraphView graph, OnnxNode node)
    {
        RowWriter writer = new(graph, []);
        RowValue output = new(RowValueKind.Output, 0);
        writer._outputs.Add(node.Outputs[0]);
        RowValue row = writer.Read(node.Outputs[0]);
        if (writer._steps is [var sum])
        {
            writer._steps[0] = sum with { Target = output };
        }
        else
        {
            writer.Add(RowOperation.Add, output, row, RowValue.Of(0));
        }

        writer.End([node]);
    }

    private void End(List<OnnxNode> replaced)
    {
        JoinProducts();
        foreach (OnnxNode node in replaced.SkipLast(1))
        {
            graph.Replace(node, []);
        }

        graph.Rewrite(replaced[^1]).End(RowProgram.Operator, RowProgram.Domain, _inputs, _outputs, OnnxAttribute.Create(RowProgram.Attribute, RowProgram.Of(_steps, _views.ToImmutable()).ToString()));
    }

    private void Write(OnnxNode node, RowValue target)
    {
        RowValue first = Read(node.Inputs[0]);
        switch (node.OpType)
        {
            case "LayerNormalization":
                Normalize(RowOperation.Norm, node, first, target);
                break;
            case RowProgram.RotateOperator:
                Add(RowOperation.Rotate, target, first, Read(node.Inputs[1]), Read(node.Inputs[2]));
                break;
            case "RMSNormalization" or "SimplifiedLayerNormalization":
                Normalize(RowOperation.Rms, node, first, target);
                break;
            case "QuickGelu":
                Add(RowOperation.Swish, target, first, RowValue.Of(node.Float("alpha", 1.702f)));
                break;
            default:
                Add(Enum.Parse<RowOperation>(node.OpType), target, first, Read(node.Inputs[1]));
                break;
        }
    }

    private void Normalize(RowOperation operation, OnnxNode node, RowValue value, RowValue target)
    {
        RowValue epsilon = RowValue.Of(node.Float("epsilon", 1e-5f));
        bool scales = !IsAll(node.Input(1), 1), shifts = !IsAll(node.Input(2), 0);
        RowValue normalized = scales || shifts ? Temporary() : target;
        Add(operation, normalized, value, epsilon);
        if (scales)
        {
            RowValue scaled = shifts ? Temporary() : target;
            Add(RowOperation.Mul, scaled, normalized, Read(node.Inputs[1]));
            normalized = scaled;
        }

        if (shifts)
        {
            Add(RowOperation.Add, target, normalized, Read(node.Inputs[2]));
        }
    }

    /// <summary>A product that only one sum reads becomes part of it.</summary>
    private void JoinProducts()
    {
        for (int index = 0; index < _steps.Count; index++)
        {
            RowStep product = _steps[index];
            int[] readers = [.. _steps.Index().Where(step => step.Item.Values.Contains(product.Target)).Select(step => step.Index)];
            if (product.Operation == RowOperation.Mul && product.Target.Kind == RowValueKind.Temporary && readers is [var at] && _steps[at] is { Operation: RowOperation.Add } sum && sum.Values[0] != sum.Values[1])
            {
                RowValue other = sum.Values[0] == product.Target ? sum.Values[1] : sum.Values[0];
                _steps[at] = new RowStep(sum.Target, RowOperation.MulAdd, [.. product.Values, other]);
                _steps.RemoveAt(index--);
            }
        }
    }

    private void Add(RowOperation operation, RowValue target, params ReadOnlySpan<RowValue> values) => _steps.Add(new RowStep(target, operation, [.. values]));

    private RowValue Temporary() => new(RowValueKind.Temporary, _temporaries++);

    private RowValue Read(string value)
    {
        if (!_values.TryGetValue(value, out RowValue known))
        {
            _values[value] = known = graph.Scalar(value) is { } number ? RowValue.Of((float)number) : Read(RowSource.Of(graph, value));
        }

        return known;
    }

    private RowValue Read(RowSource source)
    {
        RowValue row = Read(source.Value, source.View);
        if (source.Bias is null)
        {
            return row;
        }

        RowValue sum = Temporary();
        Add(RowOperation.Add, sum, row, Read(source.Bias, source.BiasView!));
        return sum;
    }

    private RowValue Read(string value, RowView view)
    {
        if (!_reads.TryGetValue((value, view.ToString()), out RowValue input))
        {
            _reads[(value, view.ToString())] = input = new RowValue(RowValueKind.Input, _inputs.Count);
            _inputs.Add(value);
            if (!view.IsPlain)
            {
                _views[input.Index] = view;
            }
        }

        return input;
    }

    private bool IsAll(string value, double number) => value.Length == 0 || (graph.Constant(value) is { } tensor && HostArray.Supports(tensor.ElementType) && HostArray.From(tensor)!.ToDoubles().All(element => element == number));
}
