using Seedance.Onnx.Rows;

namespace Seedance.Onnx.Ort;

/// <summary>Makes of a <see cref="RowProgram"/> as few walks along a row as can be: one, and one more for every normalisation or rotation, which must know the whole row before it goes on.</summary>
internal sealed unsafe class RowCompiler
{
    private readonly RowProgram _program;
    private readonly List<nint> _passes = [];
    private readonly List<float> _numbers = [];
    private readonly Dictionary<RowValue, Type> _terms = [];
    private Type _action = typeof(RowTerms.Nothing);
    private int _rows;

    private RowCompiler(RowProgram program)
    {
        _program = program;
        _rows = program.Inputs + program.Outputs;
        foreach (RowStep step in program.Steps)
        {
            Add(step);
        }

        EndIfAny();
    }

    /// <summary>Compiles a program.</summary>
    /// <param name="program">The program.</param>
    /// <returns>
    /// What to call for each row, one after the other; the numbers of a frame, which calls write to as well; and how many rows a frame has: inputs, outputs and what is kept in between.
    /// </returns>
    /// <exception cref="InvalidOperationException">It is longer than what is compiled here.</exception>
    public static (nint[] Passes, float[] Numbers, int Rows) Compile(RowProgram program)
    {
        RowCompiler compiler = new(program);
        return ([.. compiler._passes], [.. compiler._numbers], compiler._rows);
    }

    private void Add(RowStep step)
    {
        Type first = Read(step.Values[0]);
        Type term = step.Operation switch
        {
            RowOperation.Add => Of(typeof(RowTerms.Sum<,>), first, Read(step.Values[1])),
            RowOperation.Sub => Of(typeof(RowTerms.Difference<,>), first, Read(step.Values[1])),
            RowOperation.Mul => Of(typeof(RowTerms.Product<,>), first, Read(step.Values[1])),
            RowOperation.MulAdd => Of(typeof(RowTerms.ProductAndSum<,,>), first, Read(step.Values[1]), Read(step.Values[2])),
            RowOperation.Swish => Of(typeof(RowTerms.Swish<,>), first, Read(step.Values[1])),
            RowOperation.Norm => Normalize(Keep(first), step.Values[1].Number, centred: true),
            RowOperation.Rms => Normalize(Keep(first), step.Values[1].Number, centred: false),
            RowOperation.Rotate => Rotate(step),
            _ => throw new InvalidOperationException($"There is no operation {step.Operation}."),
        };
        bool readOnce = _program.Steps.Sum(other => other.Values.Count(value => value == step.Target)) == 1;
        _terms[step.Target] = step.Operation == RowOperation.Rotate ? term
            : step.Target.Kind == RowValueKind.Output ? Write(_program.Inputs + step.Target.Index, term)
            : readOnce ? term
            : Keep(term);
    }

    private Type Normalize(Type row, float epsilon, bool centred)
    {
        Type scale = Number(0);
        if (centred)
        {
            Type shift = Number(0);
            End(Of(typeof(RowTerms.Moments<,,,>), row, Number(epsilon), scale, shift));
            return Of(typeof(RowTerms.ProductAndSum<,,>), row, Of(typeof(RowTerms.Number<>), scale), Of(typeof(RowTerms.Number<>), shift));
        }

        End(Of(typeof(RowTerms.MeanSquare<,,>), row, Number(epsilon), scale));
        return Of(typeof(RowTerms.Product<,>), row, Of(typeof(RowTerms.Number<>), scale));
    }

    /// <summary>A walk of its own, because it reads and writes half a row away from where it is.</summary>
    private Type Rotate(RowStep step)
    {
        EndIfAny();
        Type row = Place(step.Target.Kind == RowValueKind.Output ? _program.Inputs + step.Target.Index : _rows++);
        _action = Of(typeof(RowTerms.WriteRotated<,,,>), row, Read(step.Values[0]), Read(step.Values[1]), Read(step.Values[2]));
        EndIfAny();
        return Of(typeof(RowTerms.Row<>), row);
    }

    /// <summary>A term that is a row in memory: itself, or one that it is written to.</summary>
    private Type Keep(Type term) => term.GetGenericTypeDefinition() == typeof(RowTerms.Row<>) ? term : Write(_rows++, term);

    private Type Write(int row, Type term)
    {
        _action = Of(typeof(RowTerms.Write<,,>), _action, Place(row), term);
        return Of(typeof(RowTerms.Row<>), Place(row));
    }

    private Type Read(RowValue value)
    {
        if (!_terms.TryGetValue(value, out Type? term))
        {
            _terms[value] = term = value.Kind == RowValueKind.Number ? Of(typeof(RowTerms.Number<>), Number(value.Number)) : Of(typeof(RowTerms.Row<>), Place(value.Index));
        }

        return term;
    }

    /// <summary>A new place among the numbers.</summary>
    private Type Number(float number)
    {
        _numbers.Add(number);
        return Place(_numbers.Count - 1);
    }

    private void EndIfAny()
    {
        if (_action != typeof(RowTerms.Nothing))
        {
            End(typeof(RowTerms.Nothing));
        }
    }

    private void End(Type reduction)
    {
        _passes.Add(Of(typeof(RowTerms.Pass<,>), _action, reduction).GetMethod(nameof(RowTerms.Pass<,>.Run))!.MethodHandle.GetFunctionPointer());
        _action = typeof(RowTerms.Nothing);
    }

    private Type Place(int index) => index < RowProgram.MostPlaces
        ? RowPlaces.All[index]
        : throw new InvalidOperationException($"A row program may have {RowProgram.MostPlaces} rows, those of inputs and outputs among them, and as many numbers, but '{_program}' has more.");

    private static Type Of(Type type, params Type[] parts) => type.MakeGenericType(parts);
}
