using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Shapes;

/// <summary>
/// Arithmetic on lengths of which some are not known. What is computed from names gets a name that tells how ("4·B·S", "(h/2)"), so that a length
/// that is computed twice is recognised as the same.
/// </summary>
internal static class Lengths
{
    /// <summary>In names of differences, which may be negative; no other name is.</summary>
    private const char MayBeNegative = '±';

    private const char Times = '·';

    // A name that grows beyond this says nothing that anyone compares.
    private const int LongestName = 200;

    /// <summary>Whether a value is certainly not negative: a number that is not, or a name of a length.</summary>
    public static bool IsNotNegative(OnnxDimension length) => length.Length is >= 0 || length.Name is { Length: > 0 } name && !name.Contains(MayBeNegative, StringComparison.Ordinal);

    public static OnnxDimension Apply(OnnxDimension a, OnnxDimension b, Func<long, long, long> apply) => a.Length is { } x && b.Length is { } y ? apply(x, y) : OnnxDimension.Unknown;

    public static OnnxDimension Apply(OnnxDimension a, Func<long, long> apply) => a.Length is { } x ? apply(x) : OnnxDimension.Unknown;

    /// <summary>The product, names and all; unknown if a factor is.</summary>
    public static OnnxDimension Product(IEnumerable<OnnxDimension> lengths)
    {
        List<string> names = [];
        long number = 1;
        foreach (OnnxDimension length in lengths)
        {
            if (length == OnnxDimension.Unknown)
            {
                return OnnxDimension.Unknown;
            }

            number = checked(number * Split(length, names));
        }

        return Join(number, names);
    }

    /// <summary>What is left of a product when other factors are divided out; unknown when they do not go into it.</summary>
    public static OnnxDimension Quotient(IEnumerable<OnnxDimension> product, IEnumerable<OnnxDimension> divisors)
    {
        List<string> names = [], under = [];
        long number = 1, divisor = 1;
        foreach (OnnxDimension length in product)
        {
            number = length == OnnxDimension.Unknown ? 0 : checked(number * Split(length, names));
        }

        foreach (OnnxDimension length in divisors)
        {
            divisor = length == OnnxDimension.Unknown ? 0 : checked(divisor * Split(length, under));
        }

        return number > 0 && divisor > 0 && number % divisor == 0 && under.TrueForAll(names.Remove) ? Join(number / divisor, names) : OnnxDimension.Unknown;
    }

    public static OnnxDimension Sum(params IEnumerable<OnnxDimension> lengths)
    {
        OnnxDimension[] terms = [.. lengths.Where(length => length.Length != 0)];
        if (terms.Contains(OnnxDimension.Unknown))
        {
            return OnnxDimension.Unknown;
        }

        long number = terms.Aggregate(0L, (total, term) => checked(total + (term.Length ?? 0)));
        string[] names = [.. terms.Select(term => term.Name).OfType<string>().Order(StringComparer.Ordinal)];
        return names.Length == 0 ? number
            : names.Length == 1 && number == 0 ? names[0]
            : Named($"{(number < 0 ? MayBeNegative : null)}({string.Join('+', names)}{(number == 0 ? "" : $"{number:+0;-0}")})");
    }

    public static OnnxDimension Difference(OnnxDimension a, OnnxDimension b) =>
        b.Length == 0 ? a
        : a == OnnxDimension.Unknown || b == OnnxDimension.Unknown ? OnnxDimension.Unknown
        : a == b ? 0
        : a.Length is { } x && b.Length is { } y ? checked(x - y)
        : Named($"{MayBeNegative}({a}-{b})");

    /// <summary>The quotient of whole numbers, cut off as ONNX's Div does.</summary>
    public static OnnxDimension Divide(OnnxDimension a, OnnxDimension b)
    {
        if (b.Length == 1 || b.Length == 0 || a == OnnxDimension.Unknown || b == OnnxDimension.Unknown)
        {
            return b.Length == 1 ? a : OnnxDimension.Unknown;
        }

        return a.Length is { } x && b.Length is { } y ? (y == -1 ? checked(-x) : x / y)
            : Quotient([a], [b]) is var exact && exact != OnnxDimension.Unknown ? exact
            : Named($"({a}/{b})");
    }

    /// <summary>The common shape of two or more, axis by axis from the last.</summary>
    public static ImmutableArray<OnnxDimension>? Broadcast(params IEnumerable<ImmutableArray<OnnxDimension>?> shapes)
    {
        OnnxDimension[] result = [];
        foreach (ImmutableArray<OnnxDimension>? next in shapes)
        {
            if (next is not { } shape)
            {
                return null;
            }

            OnnxDimension[] wider = new OnnxDimension[Math.Max(result.Length, shape.Length)];
            for (int i = 1; i <= wider.Length; i++)
            {
                wider[^i] = Common(i <= result.Length ? result[^i] : 1, i <= shape.Length ? shape[^i] : 1);
            }

            result = wider;
        }

        return [.. result];
    }

    private static OnnxDimension Common(OnnxDimension a, OnnxDimension b) =>
        a == b || b.Length == 1 ? a
        : a.Length == 1 ? b
        // A length that is not known can only be 1 or the other one, which is known and not 1.
        : a.Length is not null ? a
        : b.Length is not null ? b
        : OnnxDimension.Unknown;

    /// <summary>Adds the names that a length is a product of, and returns the number in front.</summary>
    private static long Split(OnnxDimension length, List<string> names)
    {
        if (length.Length is { } whole)
        {
            return whole;
        }

        long number = 1;
        int depth = 0, start = 0;
        string name = length.Name + Times;
        for (int i = 0; i < name.Length; i++)
        {
            depth += name[i] == '(' ? 1 : name[i] == ')' ? -1 : 0;
            if (name[i] == Times && depth == 0)
            {
                string factor = name[start..i];
                if (start == 0 && long.TryParse(factor, out long front))
                {
                    number = front;
                }
                else
                {
                    names.Add(factor);
                }

                start = i + 1;
            }
        }

        return number;
    }

    private static OnnxDimension Join(long number, List<string> names)
    {
        if (names.Count == 0 || number == 0)
        {
            return number;
        }

        IEnumerable<string> factors = names.Order(StringComparer.Ordinal);
        return Named(string.Join(Times, number == 1 ? factors : factors.Prepend(number.ToString())));
    }

    private static OnnxDimension Named(string name) => name.Length > LongestName ? OnnxDimension.Unknown : name;
}
