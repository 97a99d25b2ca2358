using System.Collections.Immutable;

namespace Seedance.Onnx.Rows;

/// <summary>
/// What becomes of each row of some tensors, the innermost axis being a row: a chain of small operators as one, which reads and writes memory once. As text "t0 = mul(i1, i2); o0 = add(i0, t0)", with "i0 = view(…)" before it for inputs that are a <see cref="RowView"/> of a tensor. Inputs are
/// repeated along axes of length 1 and missing leading ones, as ONNX's operators do it, but not along the row; every output has the shape that the inputs have together.
/// </summary>
/// <remarks>A node of <see cref="Operator"/> in the domain <see cref="Domain"/> has a program as its attribute <see cref="Attribute"/>. Only this project's runtime knows it, so that it never stands in a file that is for others.</remarks>
public sealed class RowProgram
{
    /// <summary>An operator that stands in a graph only until it becomes part of a program: <see cref="RowOperation.Rotate"/> of a tensor, cosines and sines.</summary>
    public const string RotateOperator = "Rotate";

    /// <summary>The domain of the operator that runs a program.</summary>
    public const string Domain = "seedance";

    /// <summary>The operator that runs a program: any number of float32 tensors in, any number out.</summary>
    public const string Operator = "Rows";

    /// <summary>The attribute with the program's text.</summary>
    public const string Attribute = "program";

    /// <summary>The length of a row must be a multiple of this: as many numbers as are computed at once, 512 bits of them.</summary>
    public const int WidthUnit = 16;

    /// <summary>The most rows (of inputs, outputs and in between), and the most numbers, that a program may have.</summary>
    public const int MostPlaces = 16;

    private RowProgram(ImmutableArray<RowStep> steps, ImmutableDictionary<int, RowView> views)
    {
        Steps = steps;
        Views = views;
        Inputs = CountOf(RowValueKind.Input);
        Outputs = CountOf(RowValueKind.Output);
    }

    /// <summary>The steps, in the order in which they run.</summary>
    public ImmutableArray<RowStep> Steps { get; }

    /// <summary>How inputs are looked at that are not read as they lie in memory, by their index.</summary>
    public ImmutableDictionary<int, RowView> Views { get; }

    /// <summary>How many tensors it reads.</summary>
    public int Inputs { get; }

    /// <summary>How many tensors it makes.</summary>
    public int Outputs { get; }

    /// <summary>Makes a program.</summary>
    /// <param name="steps">Its steps.</param>
    /// <param name="views">How inputs are looked at that are not read as they lie in memory, by their index; none if null.</param>
    /// <returns>The program.</returns>
    /// <exception cref="FormatException">A step reads what is not made before, or what is made is made twice or never an output.</exception>
    public static RowProgram Of(IEnumerable<RowStep> steps, ImmutableDictionary<int, RowView>? views = null)
    {
        RowProgram program = new([.. steps], views ?? ImmutableDictionary<int, RowView>.Empty);
        HashSet<RowValue> made = [];
        foreach (RowStep step in program.Steps)
        {
            if (step.Values.FirstOrDefault(value => value.Kind is RowValueKind.Temporary or RowValueKind.Output && !made.Contains(value)) is { Kind: not RowValueKind.Number } missing)
            {
                throw new FormatException($"A step must read what an earlier one made, but none makes {missing} before '{step}'.");
            }

            if (step.Target.Kind is not (RowValueKind.Temporary or RowValueKind.Output) || !made.Add(step.Target))
            {
                throw new FormatException($"A step must make a temporary row or an output that no earlier one made, but '{step}' does not.");
            }

            // The second values of these are numbers in every model there is.
            if (step.Operation is RowOperation.Norm or RowOperation.Rms or RowOperation.Swish && step.Values[1].Kind != RowValueKind.Number)
            {
                throw new FormatException($"The second value must be a number in '{step}'.");
            }
        }

        return program.Outputs > 0 && Enumerable.Range(0, program.Outputs).All(index => made.Contains(new RowValue(RowValueKind.Output, index)))
            ? program
            : throw new FormatException($"A program must make outputs from o0 on, each of them, but '{program}' does not.");
    }

    /// <summary>Reads a program's text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The program.</returns>
    /// <exception cref="FormatException">It is none.</exception>
    public static RowProgram Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<RowStep> steps = [];
        ImmutableDictionary<int, RowView>.Builder views = ImmutableDictionary.CreateBuilder<int, RowView>();
        foreach (string part in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = part.Split('=', 2, StringSplitOptions.TrimEntries);
            if (sides is [var name, var view] && RowValue.Parse(name) is { Kind: RowValueKind.Input } input && RowView.Parse(view) is { } known)
            {
                views[input.Index] = known;
            }
            else
            {
                steps.Add(RowStep.Parse(part));
            }
        }

        return Of(steps, views.ToImmutable());
    }

    /// <summary>The program as a node has it.</summary>
    /// <returns>Its text.</returns>
    public override string ToString() => string.Join("; ", Views.OrderBy(view => view.Key).Select(view => $"i{view.Key} = {view.Value}").Concat(Steps.Select(step => step.ToString())));

    private int CountOf(RowValueKind kind) => Steps.SelectMany(step => step.Values.Append(step.Target)).Where(value => value.Kind == kind).Select(value => value.Index + 1).DefaultIfEmpty(0).Max();
}
