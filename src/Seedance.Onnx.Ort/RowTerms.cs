using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Seedance.Onnx.Ort;

/// <summary>
/// What steps of a row program become: types that name one another, as in <c>Sum&lt;Product&lt;Row&lt;P0&gt;, Row&lt;P1&gt;&gt;, Row&lt;P2&gt;&gt;</c>, of which the compiler of .NET makes one loop that keeps everything between the
/// first read and the last write in registers. <see cref="RowCompiler"/> puts them together.
/// </summary>
internal static unsafe class RowTerms
{
    /// <summary>Where the rows and the numbers of a program are, for one row of all tensors.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Frame
    {
        public float** Rows;
        public float* Numbers;
        public nint Width;
    }

    /// <summary>A place among a frame's rows or numbers.</summary>
    public interface IPlace
    {
        static abstract int Index { get; }
    }

    /// <summary>What has a value at each place of a row.</summary>
    public interface ITerm
    {
        static abstract Vector512<float> At(Frame* frame, nint offset);
    }

    /// <summary>What is done at each place of a row, one after the other.</summary>
    public interface IAction
    {
        static abstract void At(Frame* frame, nint offset);
    }

    /// <summary>What of a row is summed up, its values and their squares, and what becomes of the sums.</summary>
    public interface IReduction
    {
        static abstract void At(Frame* frame, nint offset, ref Vector512<float> sum, ref Vector512<float> squares);

        static abstract void End(Frame* frame, float mean, float meanSquare);
    }

    public readonly struct Row<TPlace> : ITerm
        where TPlace : struct, IPlace
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> At(Frame* frame, nint offset) => Vector512.Load(frame->Rows[TPlace.Index] + offset);
    }

    public readonly struct Number<TPlace> : ITerm
        where TPlace : struct, IPlace
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> At(Frame* frame, nint offset) => Vector512.Create(frame->Numbers[TPlace.Index]);
    }

    public readonly struct Sum<TFirst, TSecond> : ITerm
        where TFirst : struct, ITerm
        where TSecond : struct, ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> At(Frame* frame, nint offset) => TFirst.At(frame, offset) + TSecond.At(frame, offset);
    }

    public readonly struct Difference<TFirst, TSecond> : ITerm
        where TFirst : struct, ITerm
        where TSecond : struct, ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> At(Frame* frame, nint offset) => TFirst.At(frame, offset) - TSecond.At(frame, offset);
    }

    public readonly struct Product<TFirst, TSecond> : ITerm
        where TFirst : struct, ITerm
        where TSecond : struct, ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> At(Frame* frame, nint offset) => TFirst.At(frame, offset) * TSecond.At(frame, offset);
    }

    public readonly struct ProductAndSum<TFirst, TSecond, TThird> : ITerm
        where TFirst : struct, ITerm
        where TSecond : struct, ITerm
        where TThird : struct, ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> At(Frame* frame, nint offset) => Vector512.MultiplyAddEstimate(TFirst.At(frame, offset), TSecond.At(frame, offset), TThird.At(frame, offset));
    }

    /// <summary>a / (1 + exp(−b · a)).</summary>
    public readonly struct Swish<TFirst, TSecond> : ITerm
        where TFirst : struct, ITerm
        where TSecond : struct, ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> At(Frame* frame, nint offset)
        {
            Vector512<float> value = TFirst.At(frame, offset);
            return value / (Vector512<float>.One + Exp(-(value * TSecond.At(frame, offset))));
        }

        /// <summary>2ⁿ · eʳ with |r| at most half of ln 2, eʳ by its Taylor polynomial of degree 7: within 2e-7 of the result, and within what is a number.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Exp(Vector512<float> value)
        {
            Vector512<float> x = Vector512.Min(Vector512.Max(value, Vector512.Create(-87f)), Vector512.Create(88f));
            Vector512<float> n = Vector512.Round(x * Vector512.Create(1.44269504f));
            Vector512<float> r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-0.693145752f), x);
            r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-1.42860677e-6f), r);
            Vector512<float> power = Vector512.Create(1f / 5040);
            power = Vector512.MultiplyAddEstimate(power, r, Vector512.Create(1f / 720));
            power = Vector512.MultiplyAddEstimate(power, r, Vector512.Create(1f / 120));
            power = Vector512.MultiplyAddEstimate(power, r, Vector512.Create(1f / 24));
            power = Vector512.MultiplyAddEstimate(power, r, Vector512.Create(1f / 6));
            power = Vector512.MultiplyAddEstimate(power, r, Vector512.Create(0.5f));
            power = Vector512.MultiplyAddEstimate(power, r, Vector512<float>.One);
            power = Vector512.MultiplyAddEstimate(power, r, Vector512<float>.One);
            Vector512<int> exponent = Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n) + Vector512.Create(127), 23);
            return power * exponent.AsSingle();
        }
    }

    public readonly struct Nothing : IAction, IReduction
    {
        static void IAction.At(Frame* frame, nint offset)
        {
        }

        public static void At(Frame* frame, nint offset, ref Vector512<float> sum, ref Vector512<float> squares)
        {
        }

        public static void End(Frame* frame, float mean, float meanSquare)
        {
        }
    }

    /// <summary>Writes a term to a row, after what was to be done before.</summary>
    public readonly struct Write<TBefore, TPlace, TTerm> : IAction
        where TBefore : struct, IAction
        where TPlace : struct, IPlace
        where TTerm : struct, ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At(Frame* frame, nint offset)
        {
            TBefore.At(frame, offset);
            Vector512.Store(TTerm.At(frame, offset), frame->Rows[TPlace.Index] + offset);
        }
    }

    /// <summary>Writes a term, rotated, to a row: of its halves a and b, a · cos − b · sin and then a · sin + b · cos.</summary>
    public readonly struct WriteRotated<TPlace, TTerm, TCos, TSin> : IAction
        where TPlace : struct, IPlace
        where TTerm : struct, ITerm
        where TCos : struct, ITerm
        where TSin : struct, ITerm
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At(Frame* frame, nint offset)
        {
            nint half = frame->Width / 2;
            if (offset < half)
            {
                Vector512<float> a = TTerm.At(frame, offset), b = TTerm.At(frame, offset + half), cos = TCos.At(frame, offset), sin = TSin.At(frame, offset);
                Vector512.Store((a * cos) - (b * sin), frame->Rows[TPlace.Index] + offset);
                Vector512.Store((a * sin) + (b * cos), frame->Rows[TPlace.Index] + offset + half);
            }
        }
    }

    /// <summary>1 / √(variance + ε) and −mean / √(variance + ε), by which a row is scaled and shifted. The variance is the mean square less the squared mean, as ONNX Runtime's own kernels have it.</summary>
    public readonly struct Moments<TTerm, TEpsilon, TScale, TShift> : IReduction
        where TTerm : struct, ITerm
        where TEpsilon : struct, IPlace
        where TScale : struct, IPlace
        where TShift : struct, IPlace
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At(Frame* frame, nint offset, ref Vector512<float> sum, ref Vector512<float> squares)
        {
            Vector512<float> value = TTerm.At(frame, offset);
            sum += value;
            squares = Vector512.MultiplyAddEstimate(value, value, squares);
        }

        public static void End(Frame* frame, float mean, float meanSquare)
        {
            float scale = 1 / MathF.Sqrt(MathF.Max(meanSquare - (mean * mean), 0) + frame->Numbers[TEpsilon.Index]);
            frame->Numbers[TScale.Index] = scale;
            frame->Numbers[TShift.Index] = -mean * scale;
        }
    }

    /// <summary>1 / √(mean square + ε).</summary>
    public readonly struct MeanSquare<TTerm, TEpsilon, TScale> : IReduction
        where TTerm : struct, ITerm
        where TEpsilon : struct, IPlace
        where TScale : struct, IPlace
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At(Frame* frame, nint offset, ref Vector512<float> sum, ref Vector512<float> squares)
        {
            Vector512<float> value = TTerm.At(frame, offset);
            squares = Vector512.MultiplyAddEstimate(value, value, squares);
        }

        public static void End(Frame* frame, float mean, float meanSquare) => frame->Numbers[TScale.Index] = 1 / MathF.Sqrt(meanSquare + frame->Numbers[TEpsilon.Index]);
    }

    /// <summary>Goes along a row once.</summary>
    public static class Pass<TAction, TReduction>
        where TAction : struct, IAction
        where TReduction : struct, IReduction
    {
        /// <summary>Without tiers: the first video is not to wait for the second.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void Run(Frame* frame)
        {
            // Twice, because one sum would wait for itself.
            Vector512<float> sum = Vector512<float>.Zero, squares = Vector512<float>.Zero, otherSum = Vector512<float>.Zero, otherSquares = Vector512<float>.Zero;
            nint width = frame->Width, offset = 0;
            for (; offset <= width - (2 * Vector512<float>.Count); offset += 2 * Vector512<float>.Count)
            {
                TAction.At(frame, offset);
                TReduction.At(frame, offset, ref sum, ref squares);
                TAction.At(frame, offset + Vector512<float>.Count);
                TReduction.At(frame, offset + Vector512<float>.Count, ref otherSum, ref otherSquares);
            }

            for (; offset < width; offset += Vector512<float>.Count)
            {
                TAction.At(frame, offset);
                TReduction.At(frame, offset, ref sum, ref squares);
            }

            if (typeof(TReduction) != typeof(Nothing))
            {
                TReduction.End(frame, Vector512.Sum(sum + otherSum) / width, Vector512.Sum(squares + otherSquares) / width);
            }
        }
    }
}
